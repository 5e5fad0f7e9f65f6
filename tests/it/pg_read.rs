//! Reading from a server: the same answers as the embedded store's on the same rows, statements whose number does not grow
//! with the fleet, and plans that open one partition where there are ninety.

mod copy;
mod plans;
mod random;

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use gpuhm::event::time::{DAY, HOUR, SECOND};
use gpuhm::event::{Size, Time};
use gpuhm::pipeline::clock::wall;
use gpuhm::store::postgres::{Postgres, Settings};
use gpuhm::store::sqlite::Sqlite;
use gpuhm::store::{AlertFilter, Judged as _, Store};

use crate::database::schema::fill;
use crate::database::{Schema, Server, everywhere};
use crate::process::until;
use crate::store_fixtures::T0;
use crate::support::random::{Rng, seeds};
use plans::{Said, partitions};
use random::{GPUS, random_rows, recorded};

const FILL: &str = include_str!("pg_read/fill.sql");

/// A store on a server with the rows of the embedded one at `path`.
fn copied(schema: &Schema, path: &Path) -> Postgres {
    schema.fill();
    let mut direct = schema.direct();
    partitions(&mut direct, T0, (10, 100));
    copy::copy(path, &mut direct);
    Postgres::open(Settings::parse(&schema.url()).unwrap()).unwrap()
}

fn same_answers(one: &mut Sqlite, other: &mut Postgres, random: &mut Rng) {
    // On the server a GPU's first time is kept, and so is here: nothing was dropped.
    for now in [T0, T0.plus(-1), T0.plus(HOUR), T0.plus(2 * DAY), T0.plus(-8 * DAY)] {
        assert_eq!(one.facts(now).unwrap(), other.facts(now).unwrap(), "{now}");
    }
    assert_eq!(one.fleet().unwrap(), other.fleet().unwrap());
    assert_eq!(one.latest().unwrap(), other.latest().unwrap());
    assert_eq!(one.gpus().unwrap(), other.gpus().unwrap());
    assert_eq!(one.collectors().unwrap(), other.collectors().unwrap());
    assert_eq!(one.silences().unwrap(), other.silences().unwrap());
    assert_eq!(one.failures().unwrap(), other.failures().unwrap());
    let (version, assets) = one.assets(None).unwrap().unwrap();
    assert_eq!(other.assets(None).unwrap(), Some((version, assets)));
    assert_eq!(other.assets(Some(version)).unwrap(), None);
    for filter in [AlertFilter::Open, AlertFilter::Newest(0), AlertFilter::Newest(7), AlertFilter::Newest(u32::MAX)] {
        assert_eq!(one.alerts(filter).unwrap(), other.alerts(filter).unwrap());
    }
    for gpu in GPUS.into_iter().chain(["GPU-unknown", ""]) {
        for (from, to) in [
            (T0.plus(-300 * SECOND), T0),
            (T0.plus(random.within(-9 * DAY, 0)), T0.plus(random.within(0, DAY))),
            (Time(0), Time(i64::MAX)),
            (T0, T0),
        ] {
            assert_eq!(one.raw(gpu, from, to).unwrap(), other.raw(gpu, from, to).unwrap(), "{gpu} {from}..{to}");
            assert_eq!(one.past(gpu, from, to).unwrap(), other.past(gpu, from, to).unwrap(), "{gpu} {from}..{to}");
            assert_eq!(one.next_raw(gpu, from).unwrap(), other.next_raw(gpu, from).unwrap());
            assert_eq!(one.health_at(gpu, to).unwrap(), other.health_at(gpu, to).unwrap());
            assert_eq!(one.prediction_at(gpu, to).unwrap(), other.prediction_at(gpu, to).unwrap());
            for size in Size::ALL {
                assert_eq!(one.windows(gpu, size, from, to).unwrap(), other.windows(gpu, size, from, to).unwrap());
                assert_eq!(one.newest_final(gpu, size).unwrap(), other.newest_final(gpu, size).unwrap());
            }
        }
    }
}

#[test]
fn answers_are_the_embedded_stores() {
    for schema in everywhere("pg_read::answers_are_the_embedded_stores") {
        for seed in seeds(1, 8) {
            crate::broker::measured(&format!("seed {seed}"));
            let mut random = Rng::new(seed);
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("store.db");
            let mut one = Sqlite::open(&path).unwrap();
            for step in 0..3 {
                one.write(&[], &random_rows(&mut random), T0.plus(step)).unwrap();
            }
            recorded(&mut one, &mut random);
            let fresh = schema.beside();
            let mut other = copied(&fresh, &path);
            same_answers(&mut one, &mut other, &mut random);
        }
    }
}

/// A server that logs the plan of everything that reads.
fn telling(test: &str) -> Option<Server> {
    let settings = [
        "session_preload_libraries='auto_explain'",
        "auto_explain.log_min_duration=0",
        "auto_explain.log_analyze=on",
        "auto_explain.log_timing=off",
        "autovacuum=off",
    ];
    Server::start(test, &settings)
}

fn opened(server: &Server) -> Postgres {
    let url = format!("{}?application_name=reader", server.url());
    Postgres::open(Settings::parse(&url).unwrap()).unwrap()
}

/// GPUs enough that a walk through a partition is dearer than a seek.
const GPUS_PLANNED: usize = 400;
/// Noon of today: migrations make partitions for today and after, and an empty one is looked into, too.
static NOW: LazyLock<Time> = LazyLock::new(|| wall().floor(DAY).plus(12 * HOUR));

/// Days that have partitions: of raw rows more than are kept, of the rest a year.
const DAYS: (u32, u32) = (100, 365);

fn filled(server: &Server, gpus: usize) {
    let mut direct = server.direct();
    direct.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    fill(&server.url());
    partitions(&mut direct, *NOW, DAYS);
    direct.run(FILL);
    direct.run(&format!("SELECT fleet({gpus}, '{}')", *NOW));
}

#[test]
fn the_number_of_statements_is_fixed() {
    let Some(server) = telling("pg_read::the_number_of_statements_is_fixed") else { return };
    for gpus in [3, 300] {
        filled(&server, gpus);
        let mut store = opened(&server);
        let said = Said::here(&server);
        assert_eq!(store.facts(*NOW).unwrap().gpus.len(), gpus);
        let facts = said.plans().len();
        assert_eq!(store.fleet().unwrap().gpus.len(), gpus);
        let fleet = said.plans().len() - facts;
        store.past("GPU-000000", NOW.plus(-HOUR), *NOW).unwrap();
        let past = said.plans().len() - facts - fleet;
        assert_eq!([facts, fleet, past], [18, 9, 6], "{gpus} GPUs");
    }
}

#[test]
fn every_statement_runs_on_an_index_of_few_partitions() {
    let Some(server) = telling("pg_read::every_statement_runs_on_an_index_of_few_partitions") else { return };
    filled(&server, GPUS_PLANNED);
    for analyzed in [false, true] {
        if analyzed {
            // Whoever runs ANALYZE must not turn a plan over.
            server.direct().run("ANALYZE");
        }
        let mut store = opened(&server);
        let said = Said::here(&server);
        // Twice: a plan that is kept counts too.
        for _ in 0..2 {
            ask_everything(&mut store);
        }
        let plans = said.plans();
        assert!(plans.len() > 80, "{} plans were told", plans.len());
        for plan in plans {
            plan.check();
        }
    }
}

#[test]
fn who_may_only_select_reads_all_and_leaves_no_transaction_open() {
    let test = "pg_read::who_may_only_select_reads_all_and_leaves_no_transaction_open";
    let Some(server) = Server::start(test, &[]) else { return };
    filled(&server, GPUS_PLANNED);
    let mut direct = server.direct();
    // Of the partitions it is granted nothing: the new ones of tomorrow will not be either.
    let tables = direct.texts(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
        AND relnamespace = 'public'::regnamespace",
    );
    direct.run(&format!(
        "CREATE ROLE reader LOGIN; REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT USAGE ON SCHEMA public TO reader;
        REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC; GRANT SELECT ON {} TO reader",
        tables.join(", ")
    ));
    let url = server.url().replace("postgres@", "reader@");
    let mut store = Postgres::open(Settings::parse(&format!("{url}?application_name=reader")).unwrap()).unwrap();
    let mut leaves_nothing = |asked: &str| {
        const OPEN: &str =
            "SELECT state || coalesce(' since ' || xact_start, '') || coalesce(' at ' || backend_xmin, '')
            FROM pg_stat_activity WHERE usename = 'reader'";
        // A connection that was closed may be listed a moment longer; what the one that stays does is not waited for.
        until("one connection", Duration::from_secs(10), || direct.texts(OPEN).len() == 1);
        assert_eq!(direct.texts(OPEN), ["idle"], "after {asked}");
    };
    leaves_nothing("connecting");
    store.facts(*NOW).unwrap();
    leaves_nothing("the facts");
    store.fleet().unwrap();
    leaves_nothing("the fleet");
    store.past("GPU-000007", NOW.plus(-HOUR), *NOW).unwrap();
    leaves_nothing("a past");
    ask_everything(&mut store);
    leaves_nothing("everything");
    // What fails half-way leaves nothing open either.
    server.direct().run("REVOKE SELECT ON gpu_health_scores FROM reader");
    let error = store.facts(*NOW).unwrap_err().to_string();
    assert!(error.contains("permission denied") && error.contains("gpu_health_scores"), "{error}");
    leaves_nothing("a failure");
    store.latest().unwrap();
}

fn ask_everything(store: &mut Postgres) {
    let (gpu, all) = ("GPU-000007", GPUS_PLANNED);
    assert_eq!(store.facts(*NOW).unwrap().gpus.len(), all);
    assert_eq!(store.fleet().unwrap().gpus.len(), all);
    assert_eq!((store.latest().unwrap().len(), store.gpus().unwrap().len()), (all, all));
    for span in [HOUR, DAY, 9 * DAY] {
        assert!(!store.past(gpu, NOW.plus(-span), *NOW).unwrap().healths.is_empty());
    }
    assert_eq!(store.raw(gpu, NOW.plus(-HOUR), *NOW).unwrap().1.len(), 60);
    assert!(store.next_raw(gpu, NOW.plus(-HOUR)).unwrap().is_some());
    assert!(store.health_at(gpu, *NOW).unwrap().is_some());
    assert!(store.prediction_at(gpu, *NOW).unwrap().is_some());
    for size in Size::ALL {
        assert!(!store.windows(gpu, size, NOW.plus(-HOUR), *NOW).unwrap().is_empty());
        assert!(store.newest_final(gpu, size).unwrap().is_some());
    }
    assert_eq!(store.alerts(AlertFilter::Open).unwrap().len(), 9);
    assert_eq!(store.alerts(AlertFilter::Newest(5)).unwrap().len(), 5);
    store.collectors().unwrap();
    store.assets(None).unwrap();
    store.silences().unwrap();
    store.failures().unwrap();
}
