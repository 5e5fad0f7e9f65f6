//! What SIGHUP does beside saving states: acts that were registered, each of which keeps what was where it fails.

use crate::config;

use super::log;

/// Does something anew; says why it could not, and has changed nothing then.
pub(crate) type Act = Box<dyn FnMut() -> Result<(), String> + Send>;

/// The acts, in their order.
#[derive(Default)]
pub(crate) struct Reload {
    acts: Vec<(&'static str, Act)>,
}

impl Reload {
    /// What every service does: the configuration file is read again; of it the log's level counts at once.
    pub(crate) fn new() -> Reload {
        let mut reload = Reload::default();
        reload.on("settings", Box::new(|| log::set_level(&config::reload::again()?)));
        reload
    }

    /// Adds an act.
    pub(crate) fn on(&mut self, what: &'static str, act: Act) {
        self.acts.push((what, act));
    }

    /// Runs all of them; one that fails hinders no other.
    pub(super) fn run(&mut self) {
        let mut failed = false;
        for (what, act) in &mut self.acts {
            if let Err(why) = act() {
                tracing::error!("reload: {what} stays as it was: {why}");
                failed = true;
            }
        }
        if !failed {
            tracing::info!("reloaded");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn one_that_fails_hinders_no_other() {
        let (mut reload, ran) = (Reload::default(), Arc::new(AtomicU32::new(0)));
        for fails in [false, true, false] {
            let ran = Arc::clone(&ran);
            reload.on(
                "a test",
                Box::new(move || {
                    ran.fetch_add(1, Ordering::SeqCst);
                    if fails { Err("so".to_owned()) } else { Ok(()) }
                }),
            );
        }
        reload.run();
        reload.run();
        assert_eq!(ran.load(Ordering::SeqCst), 6);
    }
}
