//! What SIGHUP does beside saving states: acts that were registered, each of which keeps what was where it fails.

use std::time::Duration;

use gpuhm::pace::Pace;

use crate::config;
use crate::options::ms;

use super::log;

/// How often a service turns, and the setting that says so.
#[derive(Debug, Clone)]
pub(crate) struct Paced {
    /// The setting.
    pub(crate) key: &'static str,
    /// What the loop goes by.
    pub(crate) pace: Pace,
    /// What holds where the setting is not said, in milliseconds.
    pub(crate) unsaid: i64,
}

/// Does something anew; says why it could not, and has changed nothing then.
pub(crate) type Act = Box<dyn FnMut() -> Result<(), String> + Send>;

impl Paced {
    /// Turns so often from now on.
    fn follow(&self, every: Option<Duration>) {
        let before = self.pace.duration();
        self.pace.set(every.map_or(self.unsaid, ms));
        let now = self.pace.duration();
        if now != before {
            tracing::info!("{}: {now:?} from now on, {before:?} before", self.key);
        }
    }
}

/// The acts, in their order.
#[derive(Default)]
pub(crate) struct Reload {
    acts: Vec<(&'static str, Act)>,
}

impl Reload {
    /// What every service does: the configuration file is read again; of it the log's level and how often it turns count at
    /// once.
    pub(crate) fn new(paced: Option<Paced>) -> Reload {
        let mut reload = Reload::default();
        reload.on(
            "settings",
            Box::new(move || {
                let again = config::reload::again(paced.as_ref().map(|paced| paced.key))?;
                log::set_level(&again.common)?;
                if let Some(paced) = &paced {
                    paced.follow(again.every);
                }
                Ok(())
            }),
        );
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
                tracing::error!("reload: {what} stay as they were: {why}");
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
                "tests",
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
