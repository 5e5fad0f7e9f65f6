//! What people recorded, read back: silences and failures. Few rows, so that their order is made here.

use super::super::fault::Fault;
use super::super::link::Session;
use super::super::read::asked::alone;
use super::row;
use super::sql::JUDGED;
use crate::event::{Failure, Silence, Time};

/// Every silence, newest first.
pub(super) async fn silences(session: &mut Session) -> Result<Vec<Silence>, Fault> {
    Ok(newest_first(alone(session, &JUDGED.silences, [], row::silence).await?))
}

/// Every failure, by time.
pub(super) async fn failures(session: &mut Session) -> Result<Vec<Failure>, Fault> {
    Ok(by_time(alone(session, &JUDGED.failures, [], row::failure).await?))
}

/// Silences, newest first.
pub(super) fn newest_first(mut all: Vec<Silence>) -> Vec<Silence> {
    all.sort_by(|a, b| b.from.cmp(&a.from).then_with(|| a.id.cmp(&b.id)));
    all
}

/// Silences that were not ended before `since`, newest first.
pub(super) fn lasting(mut all: Vec<Silence>, since: Time) -> Vec<Silence> {
    all.retain(|silence| silence.ended.is_none_or(|ended| ended > since));
    newest_first(all)
}

/// Failures, by time.
pub(super) fn by_time(mut all: Vec<Failure>) -> Vec<Failure> {
    all.sort_by(|a, b| (a.at, &a.gpu_uuid, a.kind).cmp(&(b.at, &b.gpu_uuid, b.kind)));
    all
}
