//! The rebuild of windows over a store: day by day, to the same rows that the stage closed.

use super::aggregate_support::{Fed, GPU, sample};
use super::support::judges_nothing;
use gpuhm::event::rows::{CollectorRow, Raw};
use gpuhm::event::time::{DAY, HOUR, MINUTE};
use gpuhm::event::{Alert, Asset, Rows, Size, Time, Window};
use gpuhm::pipeline::Flag;
use gpuhm::pipeline::backfill::{Range, Rebuilt, run};
use gpuhm::store::sqlite::Sqlite;
use gpuhm::store::{AlertFilter, Latest, Retention, Store, StoreError, Token, Written};

/// A store that notes what the rebuild asks of it.
struct Spy {
    store: Sqlite,
    spans: Vec<(Time, Time)>,
    finals: usize,
    stop_after: Option<(usize, Flag)>,
}

type Answer<T> = Result<T, StoreError>;

judges_nothing!(Spy);

impl Store for Spy {
    fn raise(&mut self, stage: &str, partitions: &[i32]) -> Answer<Vec<Token>> {
        self.store.raise(stage, partitions)
    }
    fn write(&mut self, tokens: &[Token], rows: &Rows, now: Time) -> Answer<Written> {
        self.store.write(tokens, rows, now)
    }
    fn assets(&mut self, known: Option<i64>) -> Answer<Option<(i64, Vec<Asset>)>> {
        self.store.assets(known)
    }
    fn put_assets(&mut self, assets: &[Asset]) -> Answer<u64> {
        self.store.put_assets(assets)
    }
    fn latest(&mut self) -> Answer<Vec<Latest>> {
        self.store.latest()
    }
    fn alerts(&mut self, filter: AlertFilter) -> Answer<Vec<Alert>> {
        self.store.alerts(filter)
    }
    fn collectors(&mut self) -> Answer<Vec<CollectorRow>> {
        self.store.collectors()
    }
    fn gpus(&mut self) -> Answer<Vec<String>> {
        self.store.gpus()
    }
    fn raw(&mut self, gpu: &str, from: Time, to: Time) -> Answer<(Option<Raw>, Vec<Raw>)> {
        self.spans.push((from, to));
        if let Some((spans, stop)) = &self.stop_after
            && self.spans.len() >= *spans
        {
            stop.set();
        }
        self.store.raw(gpu, from, to)
    }
    fn next_raw(&mut self, gpu: &str, from: Time) -> Answer<Option<Time>> {
        self.store.next_raw(gpu, from)
    }
    fn windows(&mut self, gpu: &str, size: Size, from: Time, to: Time) -> Answer<Vec<Window>> {
        self.store.windows(gpu, size, from, to)
    }
    fn newest_final(&mut self, gpu: &str, size: Size) -> Answer<Option<Time>> {
        self.finals += 1;
        self.store.newest_final(gpu, size)
    }
    fn backfill(&mut self, windows: &[Window], now: Time, dry_run: bool) -> Answer<u64> {
        self.store.backfill(windows, now, dry_run)
    }
    fn retain(&mut self, now: Time, keep: Retention) -> Answer<u64> {
        self.store.retain(now, keep)
    }
}

/// Five days of a GPU with a silence of two: a reading a minute, the counter in every 300th only, but for 15 hours on end.
fn five_days() -> Rows {
    let mut fed = Fed::default();
    for minute in 0..5 * DAY / MINUTE {
        let (at, quiet) = (7 * HOUR + minute * MINUTE, (1000..1900).contains(&minute));
        if (30 * HOUR..80 * HOUR).contains(&at) {
            continue;
        }
        let energy = (minute % 300 == 0 && !quiet).then(|| ("energy_mj", f64::from(i32::try_from(minute).unwrap())));
        let named: Vec<_> = energy.into_iter().chain([("gpu_temp_c", 50.0)]).collect();
        fed.feed(&sample(GPU, at, &named));
    }
    fed.out.rows
}

fn spy(rows: &Rows) -> (tempfile::TempDir, Spy) {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Sqlite::open(dir.path().join("store.db")).unwrap();
    store.write(&[], rows, Time(0)).unwrap();
    (dir, Spy { store, spans: Vec::new(), finals: 0, stop_after: None })
}

fn all(store: &mut dyn Store) -> Vec<Window> {
    Size::ALL.into_iter().flat_map(|size| store.windows(GPU, size, Time(0), Time(i64::MAX)).unwrap()).collect()
}

fn rebuild(store: &mut Spy, dry_run: bool, stop: &Flag) -> Rebuilt {
    let range = Range { from: Time(-400 * DAY), to: Time(40_000 * DAY) };
    run(store, range, dry_run, stop, &mut |_, _| ()).unwrap()
}

#[test]
fn a_rebuild_goes_day_by_day_and_gives_the_live_rows() {
    let rows = five_days();
    let (_dir, mut store) = spy(&rows);
    let live = all(&mut store);
    let dry = rebuild(&mut store, true, &Flag::default());
    store.spans.clear();
    let done = rebuild(&mut store, false, &Flag::default());
    assert_eq!(dry, done, "a dry run says what would be");
    // The newest closed minute, quarter and hour and what is open behind them are the stage's.
    assert!(done.written + 10 >= live.len() as u64 && done.gpus == 1 && done.left > 0, "{done:?}");
    assert_eq!(store.finals, 0, "the store judges, once");
    assert!(store.spans.iter().all(|(from, to)| to.since(*from) <= DAY), "{:?}", store.spans);
    // From hour 7 to 31, from hour 80 on; no day is read that has no row.
    let hours: Vec<i64> = store.spans.iter().map(|(from, _)| from.ms() / HOUR).collect();
    assert_eq!(hours, [7, 80, 104]);
    assert_eq!(all(&mut store), live);
}

#[test]
fn a_stop_is_heard_between_days() {
    let (_dir, mut store) = spy(&five_days());
    let stop = Flag::default();
    store.stop_after = Some((1, stop.clone()));
    let done = rebuild(&mut store, false, &stop);
    assert!(done.written > 0 && done.gpus == 0, "{done:?}");
    assert_eq!(store.spans.len(), 1);
}
