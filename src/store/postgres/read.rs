//! Reading samples, windows, alerts, collectors and asset records back. Every query is a seek in an index.

use super::fault::Fault;
use super::link::Session;
use crate::event::rows::{CollectorRow, Raw};
use crate::event::{Alert, Asset, Size, Time, Window};
use crate::store::{AlertFilter, Latest};

pub(super) async fn assets(_: &mut Session, _: Option<i64>) -> Result<Option<(i64, Vec<Asset>)>, Fault> {
    Err(Fault::Late)
}

pub(super) async fn latest(_: &mut Session) -> Result<Vec<Latest>, Fault> {
    Err(Fault::Late)
}

pub(super) async fn alerts(_: &mut Session, _: AlertFilter) -> Result<Vec<Alert>, Fault> {
    Err(Fault::Late)
}

pub(super) async fn collectors(_: &mut Session) -> Result<Vec<CollectorRow>, Fault> {
    Err(Fault::Late)
}

pub(super) async fn gpus(_: &mut Session) -> Result<Vec<String>, Fault> {
    Err(Fault::Late)
}

pub(super) async fn raw(_: &mut Session, _: &str, _: Time, _: Time) -> Result<(Option<Raw>, Vec<Raw>), Fault> {
    Err(Fault::Late)
}

pub(super) async fn next_raw(_: &mut Session, _: &str, _: Time) -> Result<Option<Time>, Fault> {
    Err(Fault::Late)
}

pub(super) async fn windows(_: &mut Session, _: &str, _: Size, _: (Time, Time)) -> Result<Vec<Window>, Fault> {
    Err(Fault::Late)
}

pub(super) async fn newest_final(_: &mut Session, _: &str, _: Size) -> Result<Option<Time>, Fault> {
    Err(Fault::Late)
}
