//! Rights that one process holds at a time: an advisory lock of a connection of its own.
//!
//! The server gives it back when the connection ends, however that happens; the connection asks nothing else, so that what
//! befalls the store's own does not touch it. A right is of the schema: two stores in one database do not share it.

use uuid::Uuid;

use super::super::fault::{Fault, Said};
use super::super::link::Link;
use super::super::settings::Settings;
use crate::store::{Held, StoreError};

/// A held lock.
struct Lock {
    link: Link,
    key: i64,
}

impl Held for Lock {
    fn kept(&mut self) -> bool {
        // A new connection does not have it, and finds that out here.
        let sql = format!(
            "SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid() AND objsubid = 1
             AND classid = {} AND objid = {}",
            (self.key >> 32) & 0xffff_ffff,
            self.key & 0xffff_ffff
        );
        let asked = self.link.run("hold", async |session| {
            let mut work = session.look().await?;
            let there = !work.query(&sql, &[]).await?.is_empty();
            work.commit().await?;
            Ok(there)
        });
        asked.unwrap_or(false)
    }
}

/// Takes the right `name`; `None` while another holds it.
pub(super) fn take(settings: &Settings, name: &str) -> Result<Option<Box<dyn Held>>, StoreError> {
    let mut link = Link::new(settings.clone())?;
    let key = link.run("lock", async |session| {
        if name.is_empty() || !name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'-')) {
            let said = Said {
                grave: true,
                why: format!("{name:?} is no name of a right: letters a to z and - only"),
                hint: None,
            };
            return Err(Fault::Said(said));
        }
        let key = key(&session.about.schema, name);
        let mut work = session.look().await?;
        let rows = work.query("SELECT pg_try_advisory_lock($1)", &[&key]).await?;
        work.commit().await?;
        let had = rows.first().map(|row| row.try_get::<_, bool>(0)).transpose()?.unwrap_or(false);
        Ok(had.then_some(key))
    })?;
    Ok(key.map(|key| -> Box<dyn Held> { Box::new(Lock { link, key }) }))
}

/// The number that stands for a right of a schema.
fn key(schema: &str, name: &str) -> i64 {
    let hash = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("gpuhm/{schema}/{name}").as_bytes());
    let (high, _) = hash.as_u64_pair();
    i64::from_ne_bytes(high.to_ne_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_of_two_schemas_are_two() {
        assert_ne!(key("a", "score"), key("b", "score"));
        assert_ne!(key("a", "score"), key("a", "predict"));
        assert_eq!(key("a", "score"), key("a", "score"));
    }
}
