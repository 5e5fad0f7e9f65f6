//! The service manager's socket: what `sd_notify(3)` says, and nothing where there is no socket.
//!
//! That it cannot be told is no reason to end: it is logged once, for who looks for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sd_notify::NotifyState;

/// Tells the service manager.
#[derive(Debug, Default)]
pub(super) struct Notifier {
    /// Whether this process is a service, and somebody wants to be told.
    pub(super) on: bool,
    /// How often it is said that it lives: often enough that turns may come late within half of the manager's patience.
    pub(super) often: Option<Duration>,
    failed: AtomicBool,
}

impl Notifier {
    /// One that tells, where `on` is set and the environment names a socket.
    pub(super) fn new(on: bool) -> Notifier {
        let on = on && std::env::var_os("NOTIFY_SOCKET").is_some();
        let often = sd_notify::watchdog_enabled().filter(|_| on).map(|whole| whole / 4);
        Notifier { on, often, failed: AtomicBool::new(false) }
    }

    fn tell(&self, states: &[NotifyState<'_>]) {
        if !self.on {
            return;
        }
        // Also where its name begins with @: the crate does not know such names.
        if let Err(error) = sd_notify::notify(states)
            && !self.failed.swap(true, Ordering::SeqCst)
        {
            tracing::debug!("the service manager cannot be told: {error}");
        }
    }

    /// It is ready.
    pub(super) fn ready(&self, status: &str) {
        self.tell(&[NotifyState::Ready, NotifyState::Status(status)]);
    }

    /// How it fares.
    pub(super) fn status(&self, status: &str) {
        self.tell(&[NotifyState::Status(status)]);
    }

    /// It lives.
    pub(super) fn alive(&self) {
        self.tell(&[NotifyState::Watchdog]);
    }

    /// It begins to read its settings anew.
    pub(super) fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => self.tell(&[NotifyState::Reloading, now]),
            Err(error) => tracing::debug!("no monotonic time: {error}"),
        }
    }

    /// It is on its way down.
    pub(super) fn stopping(&self) {
        self.tell(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
    }

    /// It needs so long still, at most, before it is ready or ended.
    pub(super) fn extend(&self, long: Duration) {
        let long = u32::try_from(long.as_micros()).unwrap_or(u32::MAX);
        self.tell(&[NotifyState::ExtendTimeoutUsec(long)]);
    }
}
