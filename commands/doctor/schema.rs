//! `store.schema`: whether the store's schema is one this version may use. It is only read.

use gpuhm::store::migrate::postgres::NOT_THERE;
use gpuhm::store::migrate::sqlite;

use super::db;
use super::registry::{Check, Finding, Subject, told};
use crate::exit::Failure;
use crate::open;

pub(super) const CHECK: Check = Check { id: "store.schema", needs: Some("db.reach"), applies: has_store, run };

fn has_store(subject: &Subject) -> bool {
    !matches!(open::store_place(&subject.common, &subject.store), Ok(open::StorePlace::None))
}

fn run(subject: &Subject) -> Finding {
    told(look(subject))
}

fn look(subject: &Subject) -> Result<Finding, Finding> {
    let status = match db::settings(subject) {
        Some(settings) => db::migrator(settings).status(),
        None => sqlite::status(&open::store_file(&subject.common, &subject.store)?),
    };
    let status = status.map_err(|error| Finding::from(Failure::from(error)))?;
    let at = format!("{}: version {} of {}", status.place, status.version, status.newest);
    let named = named(subject);
    if let Some(server) = status.server.as_ref().filter(|_| !status.exists) {
        let text = format!("{}: schema {} has no tables of gpuhm", status.place, server.schema);
        return Ok(Finding::fault(text).remedy(NOT_THERE));
    }
    if !status.exists {
        return Ok(Finding::ok(format!("{}: not made yet; a stage makes it", status.place)));
    }
    if let Some(needs) = &status.needs {
        let text = format!("{at}; it needs gpuhm {needs} or later");
        return Ok(Finding::fault(text).remedy(format!("install gpuhm {needs} or later")));
    }
    if let Some(step) = status.steps.iter().find(|step| step.state.refused()) {
        let text = format!("{at}; migration {:04} {} is {}", step.version, step.name, step.state.word());
        return Ok(Finding::fault(text).remedy(format!("gpuhm migrate verify{named}")));
    }
    if !status.settled() {
        return Ok(Finding::warning(format!("{at}; migrations are pending")).remedy(format!("gpuhm migrate{named}")));
    }
    Ok(Finding::ok(at))
}

/// The flag that names the same store; one that may hold a password is not repeated.
fn named(subject: &Subject) -> String {
    match subject.store.store.as_deref() {
        None => String::new(),
        Some(_) if db::settings(subject).is_some() => " with the same --store".to_owned(),
        Some(url) => format!(" -d {url}"),
    }
}
