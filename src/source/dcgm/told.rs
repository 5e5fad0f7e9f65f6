//! What is said of an engine in the log once, or when it changes, however often it is connected.

use super::code::Code;
use super::session::Session;
use super::words;
use crate::source::place::Place;

/// What was said.
#[derive(Debug, Default)]
pub(super) struct Told {
    driverless: bool,
    newer: bool,
    unprofiled: bool,
    unread: Option<Code>,
}

impl Told {
    /// Says that profiling cannot be read, or can again.
    pub(super) fn profiling(&mut self, place: &Place, unread: Option<Code>) {
        match unread {
            _ if std::mem::replace(&mut self.unread, unread) == unread => {}
            Some(code) => {
                tracing::warn!("{place}: profiling cannot be read: {code}; {}", words::profiling_hint(code));
            }
            None => tracing::info!("{place}: profiling is read again"),
        }
    }

    /// Says what is odd about an engine that was connected.
    pub(super) fn opened(&mut self, place: &Place, session: &Session) {
        let pair = session.pair;
        if session.driverless && !std::mem::replace(&mut self.driverless, true) {
            tracing::warn!("{place}: the host engine runs without a driver: only what it has cached is read");
        }
        if pair.is_newer() && !std::mem::replace(&mut self.newer, true) {
            let trouble = pair.trouble();
            tracing::warn!("{place}: libdcgm is newer than the host engine; {}", trouble.hint.unwrap_or_default());
        }
        if let Some(code) = session.unprofiled
            && !std::mem::replace(&mut self.unprofiled, true)
        {
            tracing::warn!("{place}: no profiling: {code}; {}", words::profiling_hint(code));
        }
    }
}
