//! The migrations of the store on a server, and how they run there.
//!
//! One process at a time, by a lock of the session; what is asked is asked before that, so that the usual start finds
//! nothing to do and waits for nobody. After the files come the policies, which are no history but a state: they are read
//! back and mended each time. Services check and never migrate: a fleet's tables change when a person says so.

mod check;
mod lock;
mod policy;
mod run;
mod server;
mod verify;

use std::time::Duration;

use tokio::runtime::Builder;
use tokio_postgres::Client;

use super::judge;
use super::{Finding, Migration, State, Status, Step};
use crate::store::StoreError;
use crate::store::postgres::Settings;
use crate::store::postgres::fault::Fault;
use crate::store::postgres::link::Session;
pub use check::NOT_THERE;
pub(in crate::store) use check::check;
pub use policy::Change;
pub use server::{Edition, Server};

/// The files, in order.
pub static MIGRATIONS: [Migration; 3] = [
    Migration { version: 1, name: "init", sql: include_str!("../../../migrations/postgres/0001_init.sql") },
    Migration { version: 2, name: "windows", sql: include_str!("../../../migrations/postgres/0002_windows.sql") },
    Migration { version: 3, name: "judgement", sql: include_str!("../../../migrations/postgres/0003_judgement.sql") },
];

/// Between two tries to reach a server that is not there yet.
const PAUSE: Duration = Duration::from_millis(500);
/// What a session of `migrate` is: a file may take hours, but waits for nobody as long, since whoever comes after waits
/// behind it; and the server notices within seconds that this process is gone, even while it waits for a lock.
const SESSION: &str =
    "SET statement_timeout = 0; SET client_min_messages = warning; SET idle_in_transaction_session_timeout = 0;
    DO $$ BEGIN
        PERFORM set_config(name, '2000', false) FROM pg_settings WHERE name = 'client_connection_check_interval';
    EXCEPTION WHEN invalid_parameter_value THEN NULL;
    END $$";

/// Brings the schema on a server up to date, and says where it stands.
#[derive(Debug, Clone)]
pub struct Migrator {
    /// Where the server is.
    pub settings: Settings,
    /// The files, in order.
    pub migrations: &'static [Migration],
    /// How long a server that is not there yet, and another `migrate`, are waited for.
    pub wait: Duration,
    /// How long a file waits for those who use what it changes.
    pub lock_timeout: Duration,
}

/// What is to be done, or was done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Done {
    /// The migrations.
    pub steps: Vec<Step>,
    /// The changes of policies after them.
    pub changes: Vec<Change>,
}

/// A session with the server, and what it is.
struct Base<'m> {
    client: &'m mut Client,
    of: &'m Migrator,
    server: Server,
}

impl Migrator {
    /// One with this binary's files.
    #[must_use]
    pub fn new(settings: Settings) -> Migrator {
        let (wait, lock_timeout) = (Duration::from_secs(10), Duration::from_secs(10));
        Migrator { settings, migrations: &MIGRATIONS, wait, lock_timeout }
    }

    /// Where the schema stands. Changes nothing.
    ///
    /// # Errors
    /// Where the server cannot be reached or is none that can be used.
    pub fn status(&self) -> Result<Status, StoreError> {
        self.on("read its migrations", async |base| base.status().await)
    }

    /// What [`Migrator::up`] would run, up to version `to`, and the changes of policies that are known beforehand.
    ///
    /// # Errors
    /// As [`Migrator::up`].
    pub fn plan(&self, to: Option<i64>) -> Result<(Vec<Migration>, Vec<Change>), StoreError> {
        self.on("plan", async |base| {
            let todo = judge::pending(self.migrations, &base.status().await?, to)?;
            Ok((todo, base.changes(true).await?))
        })
    }

    /// Runs what is pending, up to version `to`, and mends the policies; returns what it did, or under `dry_run` what it
    /// would do.
    ///
    /// # Errors
    /// Where the schema is newer than this binary can use, was changed, has a gap or a migration that did not end; where
    /// another process migrates; where the server fails.
    pub fn up(&self, to: Option<i64>, dry_run: bool) -> Result<Done, StoreError> {
        self.on("migrate", async |base| {
            let status = base.status().await?;
            let todo = judge::pending(self.migrations, &status, to)?;
            let changes = base.changes(true).await?;
            if dry_run {
                let wanted = |step: &Step| todo.iter().any(|migration| migration.version == step.version);
                return Ok(Done { steps: status.steps.into_iter().filter(wanted).collect(), changes });
            }
            if todo.is_empty() && changes.is_empty() {
                return Ok(Done::default());
            }
            base.locked(async |base| base.bring_up(to).await).await
        })
    }

    /// What is wrong with the schema: changed or missing migrations, tables, columns, indexes, functions, policies.
    ///
    /// # Errors
    /// Where the server cannot be reached or is none that can be used.
    pub fn verify(&self) -> Result<Vec<Finding>, StoreError> {
        self.on("verify", async |base| {
            let status = base.status().await?;
            let mut found: Vec<Finding> = status.steps.iter().filter_map(judge::wrong).collect();
            if status.needs.is_some()
                && let Err(error) = judge::usable(&status)
            {
                found.push(Finding { what: error.to_string(), remedy: "install that release".into() });
            }
            found.extend(base.differences().await?);
            let remedy = "run `gpuhm migrate`";
            let changes = base.changes(false).await?;
            let missing = |change: Change| format!("not as wanted: {}", change.what);
            found.extend(changes.into_iter().map(|change| Finding { what: missing(change), remedy: remedy.into() }));
            Ok(found)
        })
    }

    /// Takes the migrations up to `version` as applied in a schema whose tables were made without them.
    ///
    /// # Errors
    /// Where it has a history of `version` already, or of an earlier one and `version` is not the newest; where it lacks what
    /// `version` would have made.
    pub fn baseline(&self, version: i64) -> Result<Vec<Step>, StoreError> {
        self.on("baseline", async |base| base.locked(async |base| base.baseline(version).await).await)
    }

    /// Runs a job on a session of its own.
    fn on<T>(
        &self,
        what: &'static str,
        job: impl AsyncFnOnce(&mut Base<'_>) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let place = &self.settings.place;
        let failed = |why: String| StoreError::Failed { place: place.clone(), what, why, hint: None };
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| failed(error.to_string()))?;
        let ran = runtime.block_on(async {
            let mut session = self.connect().await?;
            session.is_pooled().await?;
            let client = session.client();
            client.batch_execute(SESSION).await?;
            client.batch_execute(&format!("SET lock_timeout = {}", self.lock_timeout.as_millis())).await?;
            let server = server::ask(client, place).await?;
            job(&mut Base { client, of: self, server }).await
        });
        ran.map_err(|fault| fault.told(place, what))
    }

    /// Connects; where nobody answers yet, again and again as long as it is to be waited for.
    async fn connect(&self) -> Result<Session, Fault> {
        let first = Session::connect(&self.settings).await;
        if !first.as_ref().is_err_and(Fault::may_pass) {
            return first;
        }
        let again = async {
            loop {
                tokio::time::sleep(PAUSE).await;
                let met = Session::connect(&self.settings).await;
                if !met.as_ref().is_err_and(Fault::may_pass) {
                    return met;
                }
            }
        };
        tokio::time::timeout(self.wait, again).await.unwrap_or(first)
    }
}

impl Base<'_> {
    async fn status(&self) -> Result<Status, Fault> {
        let ran = run::ran(self.client).await?;
        let exists = self.server.partitions.is_some() || !ran.is_empty();
        let mut status = judge::status(&self.of.settings.place, exists, self.of.migrations, &ran);
        status.server = Some(self.server.clone());
        Ok(status)
    }

    async fn changes(&self, planned: bool) -> Result<Vec<Change>, Fault> {
        policy::changes(self.client, &self.server, planned).await
    }

    async fn differences(&self) -> Result<Vec<Finding>, Fault> {
        verify::differences(self.client, self.server.edition != Edition::Plain).await
    }

    /// Runs a job while nobody else migrates.
    async fn locked<T>(&mut self, job: impl AsyncFnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        lock::take(self.client, &self.of.settings.place, self.of.wait).await?;
        let done = job(self).await?;
        lock::leave(self.client).await?;
        Ok(done)
    }

    async fn bring_up(&mut self, to: Option<i64>) -> Result<Done, Fault> {
        let place = &self.of.settings.place;
        let mut done = Done::default();
        while let Some(next) = judge::pending(self.of.migrations, &self.status().await?, to)?.first().copied() {
            let newest = self.of.migrations.last().map_or(next.version, |migration| migration.version);
            if run::run(self.client, place, &next, newest).await? {
                tracing::info!("store {place}: migrated to version {} ({})", next.version, next.name);
                let steps = self.status().await?.steps;
                done.steps.extend(steps.into_iter().filter(|step| step.version == next.version));
            }
        }
        if !done.steps.is_empty() && judge::pending(self.of.migrations, &self.status().await?, None)?.is_empty() {
            run::ahead(self.client).await?;
        }
        done.changes = self.changes(false).await?;
        if !done.changes.is_empty() {
            let transaction = self.client.transaction().await?;
            for change in &done.changes {
                transaction.batch_execute(&change.sql).await?;
                tracing::info!("store {place}: {}", change.what);
            }
            transaction.commit().await?;
        }
        Ok(done)
    }

    async fn baseline(&mut self, version: i64) -> Result<Vec<Step>, Fault> {
        let unusable = |why: String| StoreError::Unusable { place: self.of.settings.place.clone(), why, hint: None };
        let before = self.status().await?;
        // Only what the newest makes can be looked for: above a history it is the only one that can be taken.
        let whole = version == before.newest;
        if before.version != 0 && (before.version >= version || !whole) {
            return Err(unusable(format!("it has a history up to migration {} already", before.version)).into());
        }
        let taken = judge::pending(self.of.migrations, &before, Some(version))?;
        let first = if whole { self.differences().await?.into_iter().next() } else { None };
        if let Some(first) = first {
            return Err(unusable(format!("it is not at migration {version}: {}", first.what)).into());
        }
        let transaction = self.client.transaction().await?;
        run::take(&transaction, &taken).await?;
        if whole {
            run::ahead(&transaction).await?;
        }
        transaction.commit().await?;
        let now = |step: &Step| step.state == State::Baselined && step.version > before.version;
        Ok(self.status().await?.steps.into_iter().filter(now).collect())
    }
}
