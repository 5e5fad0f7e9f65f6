//! Trying again: back-off with a cap, said once and then once a minute, ended by a stop or, for one-shots, by patience.

use std::time::{Duration, Instant};

use tracing::{info, warn};

use super::clock::{monotonic, nap};
use super::pulse::Beats;
use super::{Flag, PipelineError};
use crate::bus::BusError;
use crate::store::StoreError;

const FIRST: Duration = Duration::from_millis(100);
/// Longest pause between tries: a dependency that is back is noticed within it.
const LONGEST: Duration = Duration::from_secs(5);
const SAY_AGAIN: Duration = Duration::from_mins(1);

/// Errors that may pass by themselves.
pub trait Passing: std::fmt::Display {
    /// What failed.
    const DEPENDENCY: &'static str;

    /// Whether trying again may help.
    fn passing(&self) -> bool;

    /// Whether it is an answer: what could not be reached is there again, and says no.
    fn answered(&self) -> bool;

    /// What a person could do about it.
    fn hint(&self) -> Option<&str> {
        None
    }
}

impl Passing for BusError {
    const DEPENDENCY: &'static str = "bus";

    fn passing(&self) -> bool {
        matches!(self, BusError::Failed { .. })
    }

    fn answered(&self) -> bool {
        matches!(self, BusError::Fenced { .. })
    }

    fn hint(&self) -> Option<&str> {
        BusError::hint(self)
    }
}

impl Passing for StoreError {
    const DEPENDENCY: &'static str = "store";

    fn passing(&self) -> bool {
        matches!(self, StoreError::Failed { .. })
    }

    fn answered(&self) -> bool {
        matches!(self, StoreError::Fenced { .. })
    }

    fn hint(&self) -> Option<&str> {
        StoreError::hint(self)
    }
}

/// How long to go on trying.
#[derive(Debug, Clone, Default)]
pub struct Retry {
    /// Ends it at once.
    pub stop: Flag,
    /// Ends it after this long; `None` for services, which go on for ever.
    pub patience: Option<Duration>,
    /// Told of every try: a loop that waits for what is away still turns.
    pub pulse: Beats,
}

impl Retry {
    /// Goes on trying until `stop` is set or `patience` is over; nobody listens.
    #[must_use]
    pub fn new(stop: Flag, patience: Option<Duration>) -> Retry {
        Retry { stop, patience, pulse: Beats::default() }
    }

    /// The same for the loop `who`.
    #[must_use]
    pub fn of(&self, who: &'static str) -> Retry {
        Retry { pulse: self.pulse.of(who), ..self.clone() }
    }

    /// No second try.
    #[must_use]
    pub fn never() -> Retry {
        Retry::new(Flag::default(), Some(Duration::ZERO))
    }

    /// Runs `act` until it succeeds, fails for good, the patience ends or the stop is set.
    ///
    /// # Errors
    /// What `act` failed with; [`PipelineError::Stopped`] where the stop came first.
    pub fn run<T, E>(&self, mut act: impl FnMut() -> Result<T, E>) -> Result<T, PipelineError>
    where
        E: Passing + Into<PipelineError>,
    {
        let (mut pause, mut since, mut said): (_, Option<Instant>, Option<Instant>) = (FIRST, None, None);
        let mut failing: Option<Instant> = None;
        loop {
            let began = monotonic();
            let error = match act() {
                Err(error) if error.passing() => error,
                ended => {
                    let answered = ended.as_ref().err().is_none_or(Passing::answered);
                    if answered {
                        self.pulse.tried(E::DEPENDENCY, None);
                    }
                    if let Some(failing) = failing.filter(|_| answered) {
                        info!("works again after {} s", failing.elapsed().as_secs());
                    }
                    return ended.map_err(Into::into);
                }
            };
            failing.get_or_insert(began);
            self.pulse.tried(E::DEPENDENCY, Some(&error.to_string()));
            self.pulse.beat();
            let started = *since.get_or_insert_with(monotonic);
            if self.patience.is_some_and(|patience| started.elapsed() >= patience) {
                return Err(error.into());
            }
            if said.is_none_or(|said| said.elapsed() >= SAY_AGAIN) {
                let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
                warn!("{error}; trying again{hint}");
                said = Some(monotonic());
            }
            if !nap(pause, &self.stop) {
                return Err(PipelineError::Stopped(error.to_string()));
            }
            pause = (pause * 2).min(LONGEST);
        }
    }
}
