//! Asset records. A counter rises with every change, so that who holds them asks for one number.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Result, TransactionBehavior::Immediate};

use super::bind::Binder;
use super::sql::{ASSETS_BUMP, ASSETS_VERSION, SQL};
use crate::event::Asset;

/// The records with their version, unless that is `known`.
pub(super) fn changed(connection: &mut Connection, known: Option<i64>) -> Result<Option<(i64, Vec<Asset>)>> {
    // One transaction: the records must be those of the version they are handed out under.
    let transaction = connection.transaction()?;
    let version = transaction.prepare_cached(ASSETS_VERSION)?.query_row([], |row| row.get(0)).optional()?;
    let version = version.unwrap_or(0);
    if known == Some(version) {
        return Ok(None);
    }
    Ok(Some((version, all(&transaction)?)))
}

/// The records, by GPU.
pub(super) fn all(connection: &Connection) -> Result<Vec<Asset>> {
    let mut statement = connection.prepare_cached(&SQL.assets)?;
    let rows = statement.query_map([], |row| {
        let mut asset = Asset { gpu_uuid: row.get(0)?, ..Asset::default() };
        for (at, value) in asset.values.iter_mut().enumerate() {
            *value = row.get(at + 1)?;
        }
        Ok(asset)
    })?;
    rows.collect()
}

/// Replaces whole records; of two for one GPU the last. Returns how many were new or differed.
pub(super) fn put(connection: &mut Connection, assets: &[Asset]) -> Result<u64> {
    let last: BTreeMap<&str, &Asset> = assets.iter().map(|asset| (asset.gpu_uuid.as_str(), asset)).collect();
    let transaction = connection.transaction_with_behavior(Immediate)?;
    let mut changed = 0;
    {
        let mut statement = transaction.prepare_cached(&SQL.asset_upsert)?;
        for asset in last.values() {
            let mut to = Binder::new(&mut statement);
            to.put(&asset.gpu_uuid)?;
            for value in &asset.values {
                to.put(value)?;
            }
            changed += u64::from(to.run()? != 0);
        }
    }
    if changed > 0 {
        transaction.execute(ASSETS_BUMP, [])?;
    }
    transaction.commit()?;
    Ok(changed)
}
