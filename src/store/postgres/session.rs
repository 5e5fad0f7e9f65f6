//! One connection while it lasts: what is set on it, that this is still so when a transaction begins, and what became of a
//! commit that nobody answered.
//!
//! Settings are made by `SET`, which every pooler in session mode passes on, and a mark is set with them. Each transaction
//! begins by reading the mark, in the same round trip: a pooler that hands transactions to other sessions is found out
//! before anything is done in one of them. A transaction that writes learns its number there, too.

mod doubt;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};
use tokio_postgres::{Client, SimpleQueryMessage, SimpleQueryRow, Statement};

use super::connect::{Reached, chance, order, reach};
use super::fault::{Fault, POOLED, Said};
use super::settings::{Settings, Wanted};
use super::work::Work;

/// The setting that is the mark.
const MARK: &str = "gpuhm.session";
/// How long a lock is waited for (J): writers of one partition hold theirs for well under a second.
const LOCK: Duration = Duration::from_secs(10);
/// How long a transaction of ours may be left alone by us before the server ends it (J).
const LEFT: Duration = Duration::from_mins(1);
/// How much longer than a statement may take on the server its answer is waited for.
pub(super) const GRACE: Duration = Duration::from_secs(10);
/// The oldest server that has what is used.
const OLDEST: u32 = 130_000;
const OLDEST_NAME: &str = "13";

/// Whether it was said that nothing is encrypted: once is enough for a process.
static SAID: AtomicBool = AtomicBool::new(false);

/// One connection.
#[derive(Debug)]
pub(in crate::store) struct Session {
    pub(super) client: Client,
    pub(super) statements: HashMap<String, Statement>,
    settings: Arc<Settings>,
    mark: String,
    /// What the server told of itself.
    pub(in crate::store) about: About,
    /// What sends and receives.
    carrier: AbortHandle,
    /// Whether a transaction is open.
    pub(super) open: bool,
    /// Its number, where it writes.
    pub(super) number: Option<String>,
}

impl Drop for Session {
    fn drop(&mut self) {
        // It would wait for answers first.
        self.carrier.abort();
    }
}

/// What a server tells of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::store) struct About {
    /// The process that serves us.
    pub(in crate::store) process: i32,
    /// The schema that tables are made in.
    pub(in crate::store) schema: String,
    /// When it started, and when it last recovered from a crash: transaction numbers count from there.
    pub(super) life: String,
    /// Its version, as a number.
    pub(in crate::store) version: u32,
    /// Whether the connection is encrypted.
    pub(in crate::store) encrypted: bool,
    /// Whether it does not leave this machine.
    pub(in crate::store) near: bool,
    /// Host and port.
    pub(in crate::store) server: String,
    takes: Takes,
}

/// What a server takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Takes {
    #[default]
    Writes,
    /// It was set so.
    Reads,
    /// It follows another.
    Standby,
}

/// What a text is as a literal of SQL.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

impl Session {
    /// Connects to the first server that will do.
    pub(in crate::store) async fn connect(settings: &Settings) -> Result<Session, Fault> {
        let settings = &Arc::new(settings.clone());
        let (mut faults, mut spare) = (Vec::new(), None);
        for target in order(settings) {
            let made = match reach(settings, target).await {
                Ok(reached) => Session::set_up(settings, reached).await,
                Err(fault) => Err(fault),
            };
            match made.map(|session| (session.wrong(settings), session)) {
                Ok((None, session)) => return Ok(session),
                Ok((Some(_), session)) if settings.wanted() == Wanted::PreferStandby => spare = Some(session),
                Ok((Some(why), _)) => faults.push((target.shown(), why.into())),
                // Who is refused by one is not let in by guessing on.
                Err(fault) if fault.code().is_some_and(|code| code.starts_with("28")) => return Err(fault),
                Err(fault) => faults.push((target.shown(), fault)),
            }
        }
        match spare {
            Some(session) => Ok(session),
            None => Err(together(faults)),
        }
    }

    async fn set_up(settings: &Arc<Settings>, reached: Reached) -> Result<Session, Fault> {
        let mark = format!("{:016x}", chance());
        let mut text = format!(
            "SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}; SET client_min_messages = warning;
             SET timezone = 'UTC'; SET standard_conforming_strings = on; SET {MARK} = {};",
            LOCK.as_millis(),
            LEFT.as_millis(),
            quoted(&mark)
        );
        if !settings.config.get_options().is_some_and(|options| options.contains("statement_timeout")) {
            text = format!("{text} SET statement_timeout = {};", settings.statement.as_millis());
        }
        if settings.read_only {
            text.push_str("SET default_transaction_read_only = on;");
        }
        text.push_str(
            "SELECT pg_backend_pid(), current_schema(), current_setting('server_version_num'), pg_is_in_recovery(),
             current_setting('transaction_read_only'),
             pg_postmaster_start_time() || ' ' || coalesce((SELECT stats_reset::text FROM pg_stat_bgwriter), '')",
        );
        let rows = timeout(settings.connect, reached.client.simple_query(&text)).await.map_err(|_| Fault::Late)??;
        let row = only(&rows)?;
        let told = |at| row.try_get(at).map(Option::unwrap_or_default);
        let about = About {
            process: told(0)?.parse().unwrap_or_default(),
            schema: told(1)?.to_owned(),
            version: told(2)?.parse().unwrap_or_default(),
            takes: match (told(3)?, told(4)?) {
                ("t", _) => Takes::Standby,
                (_, "on") => Takes::Reads,
                _ => Takes::Writes,
            },
            life: told(5)?.to_owned(),
            encrypted: reached.encrypted,
            near: reached.near,
            server: reached.server,
        };
        if about.version < OLDEST {
            let hint = format!("gpuhm needs PostgreSQL {OLDEST_NAME} or later");
            return Err(Said::grave(format!("the server is of version {}", about.version / 10_000), hint).into());
        }
        let meant = reached.near || about.encrypted || settings.tls.mode != super::tls::Mode::Prefer;
        if !meant && !SAID.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "store {}: not encrypted; sslmode=verify-full refuses that, sslmode=disable says it is meant",
                settings.place
            );
        }
        let settings = Arc::clone(settings);
        let (client, carrier) = (reached.client, reached.carrier);
        Ok(Session { client, carrier, statements: HashMap::new(), settings, mark, about, open: false, number: None })
    }

    /// Why this server is not the one that is wanted.
    fn wrong(&self, settings: &Settings) -> Option<Said> {
        let (standby, read_only) = (self.about.takes == Takes::Standby, self.about.takes != Takes::Writes);
        let (fits, why) = match settings.wanted() {
            Wanted::Any => (true, ""),
            Wanted::ReadWrite => (!read_only, "it does not take writes"),
            Wanted::ReadOnly => (read_only, "it takes writes, and target_session_attrs=read-only"),
            Wanted::Primary => (!standby, "it is a standby"),
            Wanted::Standby | Wanted::PreferStandby => (standby, "it is no standby"),
        };
        (!fits).then(|| Said::passing(why, "name all servers, host=a,b; target_session_attrs says what is wanted"))
    }

    /// The connection itself, for what is no single transaction.
    pub(in crate::store) fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// Begins a transaction that writes.
    pub(in crate::store) async fn begin(&mut self) -> Result<Work<'_>, Fault> {
        if self.settings.read_only {
            return Err(Said::grave("it was opened for reading only", "name a store that may be written").into());
        }
        let text = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT current_setting('{MARK}', true), pg_current_xact_id()::text"
        );
        self.number = self.started(&text).await?;
        Ok(Work::new(self))
    }

    /// Begins a transaction that reads, all of one moment.
    pub(in crate::store) async fn look(&mut self) -> Result<Work<'_>, Fault> {
        let text = format!(
            "START TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; SELECT current_setting('{MARK}', true), NULL"
        );
        self.number = self.started(&text).await?;
        Ok(Work::new(self))
    }

    async fn started(&mut self, text: &str) -> Result<Option<String>, Fault> {
        // One that was dropped is not gone on with.
        self.tidied().await?;
        self.open = true;
        let rows = self.bounded(self.client.simple_query(text)).await?;
        let row = only(&rows)?;
        if row.try_get(0)? != Some(self.mark.as_str()) {
            return Err(pooled());
        }
        Ok(row.try_get(1)?.map(str::to_owned))
    }

    /// Waits no longer than the server itself would work on one statement.
    pub(super) async fn bounded<T>(
        &self,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Fault> {
        match timeout(self.settings.statement.saturating_add(GRACE), answer).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(Fault::Late),
        }
    }

    /// Ends what a job left open.
    pub(super) async fn tidied(&mut self) -> Result<(), Fault> {
        if std::mem::take(&mut self.open) {
            self.number = None;
            timeout(GRACE, self.client.batch_execute("ROLLBACK")).await.map_err(|_| Fault::Late)??;
        }
        Ok(())
    }

    /// Looks whether another connection is given this session: then settings and prepared statements do not last.
    pub(in crate::store) async fn is_pooled(&mut self) -> Result<(), Fault> {
        let target = self.settings.targets.iter().find(|target| target.shown() == self.about.server);
        let Some(target) = target else { return Ok(()) };
        // Where there is no room for a second one, transactions are looked at all the same.
        let Ok(other) = reach(&self.settings, target).await else { return Ok(()) };
        let text = format!("SELECT current_setting('{MARK}', true)");
        let said = timeout(self.settings.connect, other.client.simple_query(&text)).await;
        other.carrier.abort();
        let Ok(Ok(rows)) = said else { return Ok(()) };
        if only(&rows)?.try_get(0)? == Some(self.mark.as_str()) { Err(pooled()) } else { Ok(()) }
    }
}

fn pooled() -> Fault {
    Said::grave("a pooler hands its transactions to other sessions (transaction mode)", POOLED).into()
}

/// The first row.
pub(super) fn only(said: &[SimpleQueryMessage]) -> Result<&SimpleQueryRow, Fault> {
    let row = said.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    row.ok_or_else(|| Fault::Unreadable("an answer without a row".to_owned()))
}

/// One fault of several servers': a person must act only where every one says so.
fn together(mut faults: Vec<(String, Fault)>) -> Fault {
    if faults.len() < 2 {
        return faults.pop().map_or(Fault::Late, |(_, fault)| fault);
    }
    let (mut texts, mut grave, mut hint) = (Vec::new(), true, None);
    for (server, fault) in faults {
        match fault.said() {
            Err(error) => return Fault::Told(error),
            Ok(said) => {
                texts.push(format!("{server}: {}", said.why));
                grave &= said.grave;
                hint = hint.or(said.hint);
            }
        }
    }
    Fault::Said(Said { grave, why: texts.join("; "), hint })
}

/// Waits a moment that is another for each process: many lose their connection at once.
pub(super) async fn moment(most: Duration) {
    let most = u64::try_from(most.as_millis()).unwrap_or(1).max(1);
    sleep(Duration::from_millis(chance() % most)).await;
}
