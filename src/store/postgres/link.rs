//! A connection to the server, made when it is needed and anew when it was lost; jobs run on it one after the other.
//!
//! Every job is one transaction that may be repeated: rows are upserts, tokens only rise. So a connection that turns out
//! dead when a job begins (the server restarted while nobody asked) costs a second try and no error, and so does a
//! transaction that made way for another. All longer waiting is the caller's. Knows no table.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::fault::Fault;
pub(in crate::store) use super::session::Session;
use super::session::{GRACE, moment};
use super::settings::Settings;
pub(in crate::store) use super::work::{Value, Work};
use crate::store::StoreError;

/// How often a job is done anew at once.
const AGAIN: u32 = 3;
/// The longest pause before.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest a job may take, in statements that take as long as one may.
const STATEMENTS: u32 = 3;

/// A connection.
#[derive(Debug)]
pub(in crate::store) struct Link {
    settings: Arc<Settings>,
    engine: Engine,
    session: Option<Session>,
}

/// What drives it; a name that is still looked up does not hold up its end.
#[derive(Debug)]
struct Engine(Option<Runtime>);

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Link {
    /// One that is not connected yet.
    pub(in crate::store) fn new(settings: Settings) -> Result<Link, StoreError> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| StoreError::Failed {
            place: settings.place.clone(),
            what: "connect",
            why: error.to_string(),
            hint: None,
        })?;
        Ok(Link { settings: Arc::new(settings), engine: Engine(Some(runtime)), session: None })
    }

    /// The store's name in messages.
    pub(in crate::store) fn place(&self) -> &str {
        &self.settings.place
    }

    /// How it connects.
    pub(in crate::store) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Runs `job`, which is one transaction, naming `what` in its errors.
    #[expect(clippy::needless_pass_by_value, reason = "it is written where it is handed over")]
    pub(in crate::store) fn run<T>(
        &mut self,
        what: &'static str,
        job: impl AsyncFn(&mut Session) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let Link { settings, engine, session } = self;
        let Some(runtime) = &engine.0 else { return Err(Fault::Late.told(&settings.place, what)) };
        let ran = runtime.block_on(async {
            let mut tries = 0;
            loop {
                let used = session.is_some();
                let fault = match within(settings, session, &job).await {
                    Ok(answer) => return Ok(answer),
                    Err(fault) => fault,
                };
                // It may have been lost long ago.
                let again = fault.made_way() || (used && fault.is_lost() && !matches!(fault, Fault::Late));
                if !again || tries == AGAIN {
                    return Err(fault);
                }
                tries += 1;
                moment(PAUSE).await;
            }
        });
        ran.map_err(|fault| fault.told(&self.settings.place, what))
    }
}

async fn within<T>(
    settings: &Arc<Settings>,
    session: &mut Option<Session>,
    job: &impl AsyncFn(&mut Session) -> Result<T, Fault>,
) -> Result<T, Fault> {
    if session.is_none() {
        *session = Some(Session::connect(settings).await?);
    }
    let Some(live) = session else { return Err(Fault::Late) };
    // Each answer has its own limit; this is for what is asked past them.
    let longest = settings.statement.saturating_mul(STATEMENTS).saturating_add(GRACE);
    let ran = timeout(longest, job(live)).await.unwrap_or(Err(Fault::Late));
    let lost = ran.as_ref().is_err_and(Fault::is_lost) || live.client.is_closed();
    if lost || live.tidied().await.is_err() {
        *session = None;
        // Its end reaches the server now, not with the next job.
        tokio::task::yield_now().await;
    }
    ran
}
