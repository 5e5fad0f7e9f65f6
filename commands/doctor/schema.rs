//! `store.schema`: whether the store's schema is one this version may use. It is only read.

use gpuhm::store::migrate::sqlite;

use super::registry::{Check, Finding, Subject, told};
use crate::exit::Failure;
use crate::open;

pub(super) const CHECK: Check = Check { id: "store.schema", needs: None, applies: has_store, run };

fn has_store(subject: &Subject) -> bool {
    !matches!(open::store_place(&subject.common, &subject.store), Ok(open::StorePlace::None))
}

fn run(subject: &Subject) -> Finding {
    told(look(subject))
}

fn look(subject: &Subject) -> Result<Finding, Finding> {
    let path = open::store_file(&subject.common, &subject.store)?;
    let status = sqlite::status(&path).map_err(|error| Finding::from(Failure::from(error)))?;
    let at = format!("{}: version {} of {}", status.place, status.version, status.newest);
    let named = subject.store.store.as_deref().map(|url| format!(" -d {url}")).unwrap_or_default();
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
