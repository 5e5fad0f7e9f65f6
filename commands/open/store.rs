//! From flags and the environment to an open store. The library reads no environment: it is handed what it says.

use std::path::PathBuf;

use clap::ArgMatches;
use clap::parser::ValueSource;
use gpuhm::pipeline::retry::Retry;
use gpuhm::store::Store;
use gpuhm::store::postgres::Postgres;
use gpuhm::store::postgres::settings::{self, Settings, Surroundings};
use gpuhm::store::sqlite::Sqlite;

use super::{directory, home};
use crate::config;
use crate::config::keys::STORE_PASSWORD;
use crate::exit::Failure;
use crate::options::{CommonOptions, StoreOptions};

/// The credential of the service manager that is the password.
const CREDENTIAL: &str = "gpuhm_store.password";

/// Which store was chosen.
#[derive(Debug, Clone)]
pub(crate) enum StorePlace {
    /// None at all, where a command can do without.
    None,
    /// The embedded one, in this file.
    Sqlite(PathBuf),
    /// That on a server.
    Postgres(Box<Settings>),
}

impl StorePlace {
    /// Its file, where it is one.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        match self {
            StorePlace::Sqlite(path) => Some(path.clone()),
            StorePlace::None | StorePlace::Postgres(_) => None,
        }
    }

    /// How a view names it, where it was chosen; never a password.
    pub(crate) fn title(&self) -> String {
        match self {
            StorePlace::Postgres(settings) => settings.place().to_owned(),
            StorePlace::Sqlite(path) => path.display().to_string(),
            StorePlace::None => String::new(),
        }
    }
}

/// Which store the flag or the environment chose.
pub(crate) fn store_place(common: &CommonOptions, options: &StoreOptions) -> Result<StorePlace, Failure> {
    let Some(url) = options.store.as_deref() else { return Ok(StorePlace::Sqlite(home(common)?.join("store.db"))) };
    if settings::is_postgres(url) {
        return Ok(StorePlace::Postgres(Box::new(on_server(common, url)?)));
    }
    match (url, url.strip_prefix("sqlite:")) {
        ("none", _) => Ok(StorePlace::None),
        (_, Some("")) => Err(Failure::usage("--store sqlite: names no file")),
        (_, Some(path)) => Ok(StorePlace::Sqlite(PathBuf::from(path))),
        // It may hold a password: only its scheme is repeated.
        (url, None) => {
            let scheme = url.split_once("://").map_or("…", |(scheme, _)| scheme);
            Err(Failure::usage(format!("--store {scheme}:…: not a store's URL"))
                .hint("use --store sqlite:PATH, --store postgres://HOST/DATABASE or --store 'host=… dbname=…'"))
        }
    }
}

/// The same, for a command that needs one.
pub(crate) fn store_needed(common: &CommonOptions, options: &StoreOptions) -> Result<StorePlace, Failure> {
    match store_place(common, options)? {
        StorePlace::None => Err(Failure::usage("this command needs a store").hint("leave out --store none")),
        place => Ok(place),
    }
}

/// How to reach the server.
fn on_server(common: &CommonOptions, url: &str) -> Result<Settings, Failure> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let credential = variable("CREDENTIALS_DIRECTORY").map(|directory| PathBuf::from(directory).join(CREDENTIAL));
    let credential = match credential.filter(|path| path.exists()) {
        Some(path) => Some(path),
        None => password_file()?,
    };
    let around = Surroundings { variable: &variable, credential: credential.as_deref() };
    let mut settings = Settings::read(url, &around)?;
    settings.name(&common.command);
    Ok(settings)
}

/// The file that the settings name for the password; one that is named must be there.
fn password_file() -> Result<Option<PathBuf>, Failure> {
    let Some(set) = config::loaded().set.get(STORE_PASSWORD) else { return Ok(None) };
    let path = set.values.first().map(PathBuf::from).unwrap_or_default();
    match path.try_exists() {
        Ok(true) => Ok(Some(path)),
        Ok(false) => Err(Failure::usage(format!("{STORE_PASSWORD} ({}): there is no {}", set.origin, path.display()))),
        Err(error) => Err(Failure::usage(format!("{STORE_PASSWORD} ({}): {}: {error}", set.origin, path.display()))),
    }
}

/// Says what is unwise about the store's flag, before anything runs.
pub(crate) fn looked_at(matches: &ArgMatches) {
    let mut at = matches;
    while let Some((_, below)) = at.subcommand() {
        at = below;
    }
    let Ok(Some(url)) = at.try_get_one::<String>("store") else { return };
    let typed = at.value_source("store") == Some(ValueSource::CommandLine);
    if typed && settings::is_postgres(url) && settings::has_password(url) {
        tracing::warn!(
            "--store: everyone on this machine sees a password on a command line; use PGPASSWORD, a password file (~/.pgpass) or the credential {CREDENTIAL}"
        );
    }
}

/// Where the embedded store is, for a command that knows no other.
pub(crate) fn store_file(common: &CommonOptions, options: &StoreOptions) -> Result<PathBuf, Failure> {
    match store_needed(common, options)? {
        StorePlace::Sqlite(path) => Ok(path),
        place => Err(Failure::usage(format!("--store {}: this needs the embedded store", place.title()))
            .hint("use --store sqlite:PATH")),
    }
}

/// Opens the store; makes and migrates the embedded one on first use.
pub(crate) fn store(common: &CommonOptions, options: &StoreOptions, retry: &Retry) -> Result<Box<dyn Store>, Failure> {
    match store_needed(common, options)? {
        StorePlace::Postgres(settings) => Ok(Box::new(retry.run(|| Postgres::open((*settings).clone()))?)),
        place => {
            let path = place.file().unwrap_or_default();
            if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                directory(parent)?;
            }
            Ok(Box::new(retry.run(|| Sqlite::open(&path))?))
        }
    }
}

/// Opens the store three times, for the stages and the passes of one process, which use it side by side.
pub(crate) fn stores(
    common: &CommonOptions,
    options: &StoreOptions,
    retry: &Retry,
) -> Result<[Box<dyn Store>; 3], Failure> {
    let open = || store(common, options, retry);
    Ok([open()?, open()?, open()?])
}

/// Opens the store to look at it; it must exist.
pub(crate) fn store_to_read(common: &CommonOptions, options: &StoreOptions) -> Result<Box<dyn Store>, Failure> {
    match store_needed(common, options)? {
        StorePlace::Postgres(settings) => Ok(Box::new(Postgres::open_read_only(*settings)?)),
        place => Ok(Box::new(Sqlite::open_read_only(place.file().unwrap_or_default())?)),
    }
}
