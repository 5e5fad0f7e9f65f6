//! A commit whose answer was lost: whether it was done is asked of the server, on another connection.
//!
//! The transaction's number says it, as long as the server has lived on: after a crash a number that never reached the disk
//! is given out again, and its fate is another's. Then, as when the server does not know, the job is done again, which
//! changes nothing where it had been done: rows are upserts.

use std::time::Duration;

use tokio::time::sleep;

use super::{Session, moment, only, quoted};
use crate::store::postgres::fault::Fault;

/// How often it is asked, and how long in between: a server that restarts in a moment is back by then, and who is told to
/// stop is not kept waiting for long.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(250);
/// After how many answers of `in progress` the old process is ended: it waits for a lock, or for a disk.
const PATIENT: u32 = 8;

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Done,
    Undone,
    Open,
}

impl Session {
    /// Finds out about transaction `number` of this session, whose connection was lost with `fault`; the session goes on on
    /// a new one. An error where it was not committed.
    pub(in crate::store::postgres) async fn resolve(&mut self, number: &str, fault: Fault) -> Result<(), Fault> {
        tracing::debug!("store {}: transaction {number} was not answered; asking", self.settings.place);
        let (mut open, before) = (0, self.about.clone());
        for _ in 0..TRIES {
            if let Ok(next) = Session::connect(&self.settings).await {
                *self = next;
                if self.about.life != before.life {
                    return Err(Fault::Undone);
                }
                match self.fate(number).await {
                    Ok(Fate::Done) => return Ok(()),
                    Ok(Fate::Undone) => return Err(Fault::Undone),
                    Ok(Fate::Open) => open += 1,
                    Err(_) => {}
                }
                if open == PATIENT {
                    let end = format!("SELECT pg_terminate_backend({})", before.process);
                    // Where we may not, it is waited for.
                    drop(self.bounded(self.client.simple_query(&end)).await);
                }
            }
            sleep(PAUSE).await;
            moment(PAUSE).await;
        }
        Err(fault)
    }

    async fn fate(&self, number: &str) -> Result<Fate, Fault> {
        let text = format!("SELECT pg_xact_status({}::xid8)", quoted(number));
        let rows = match self.bounded(self.client.simple_query(&text)).await {
            // The server never came to know that number.
            Err(fault) if fault.code().is_some() => return Ok(Fate::Undone),
            rows => rows?,
        };
        Ok(match only(&rows)?.try_get(0)? {
            Some("committed") => Fate::Done,
            Some("in progress") => Fate::Open,
            // Aborted, or so old that nobody knows.
            _ => Fate::Undone,
        })
    }
}
