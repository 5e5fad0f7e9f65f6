//! A store on the world's tables: rows by natural key, tokens checked before anything is written.

use std::collections::BTreeMap;

use gpuhm::event::rows::{CollectorRow, Happening, Place, Raw};
use gpuhm::event::{Alert, Asset, Rows, Size, Time, Window};
use gpuhm::store::{AlertFilter, Latest, Retention, Store, StoreError, Token, Written};

use super::judges_nothing;
use super::world::{Flaw, Inner, World};

/// The tables that stages write.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Tables {
    pub(crate) raw: BTreeMap<(String, Time), Raw>,
    pub(crate) windows: BTreeMap<(Size, String, Time), Window>,
    pub(crate) happenings: BTreeMap<(String, Time, String, i64), Happening>,
    pub(crate) alerts: BTreeMap<String, Alert>,
    pub(crate) collectors: BTreeMap<String, CollectorRow>,
    pub(crate) places: BTreeMap<(String, Time), Place>,
}

impl Tables {
    fn put(&mut self, rows: &Rows, last_raw: bool) -> Written {
        let mut written = Written::default();
        for row in &rows.raw {
            let key = (row.gpu_uuid.clone(), row.time);
            let known = self.raw.contains_key(&key);
            if !known || last_raw {
                self.raw.insert(key, row.clone());
            }
            *if known { &mut written.repeated } else { &mut written.raw } += 1;
        }
        for row in &rows.windows {
            self.windows.insert((row.size, row.gpu_uuid.clone(), row.start), row.clone());
        }
        for row in &rows.happenings {
            self.happenings.insert((row.gpu_uuid.clone(), row.at, row.kind.clone(), row.code), row.clone());
        }
        for row in &rows.alerts {
            self.alerts.insert(row.alert_id.clone(), row.clone());
        }
        for row in &rows.collectors {
            let newer = self.collectors.get(&row.hostname).is_none_or(|old| row.time >= old.time);
            if newer {
                self.collectors.insert(row.hostname.clone(), row.clone());
            }
        }
        for row in &rows.places {
            self.places.insert((row.gpu_uuid.clone(), row.since), row.clone());
        }
        written
    }
}

/// A connection.
pub(crate) struct FakeStore(World);

fn unusable(why: &str) -> StoreError {
    StoreError::Unusable { place: "fake".to_owned(), why: why.to_owned(), hint: None }
}

impl FakeStore {
    pub(crate) fn new(world: &World) -> FakeStore {
        FakeStore(world.clone())
    }

    /// Does `act` between two edges.
    fn act<T>(&mut self, act: impl FnOnce(&mut Inner) -> Result<T, StoreError>) -> Result<T, StoreError> {
        if self.0.edge() {
            return Err(unusable("killed"));
        }
        let done = act(&mut self.0.lock());
        if self.0.edge() { Err(unusable("killed")) } else { done }
    }
}

impl Store for FakeStore {
    fn raise(&mut self, stage: &str, partitions: &[i32]) -> Result<Vec<Token>, StoreError> {
        self.act(|inner| {
            let mut raise = |partition: &i32| {
                let number = inner.tokens.entry((stage.to_owned(), *partition)).or_default();
                *number += 1;
                Token { stage: stage.to_owned(), partition: *partition, number: *number }
            };
            Ok(partitions.iter().map(&mut raise).collect())
        })
    }

    fn write(&mut self, tokens: &[Token], rows: &Rows, _now: Time) -> Result<Written, StoreError> {
        self.act(|inner| {
            for token in tokens {
                let newest = inner.tokens.get(&(token.stage.clone(), token.partition)).copied().unwrap_or_default();
                if newest != token.number && inner.flaw != Some(Flaw::TokensUnchecked) {
                    inner.counts.fenced_writes += 1;
                    let (stage, partition) = (token.stage.clone(), token.partition);
                    return Err(StoreError::Fenced { stage, partition, newer: newest, ours: token.number });
                }
            }
            let shown = rows.windows.iter().filter(|window| !window.closed).count();
            inner.counts.shown += u64::try_from(shown).unwrap();
            let last_raw = inner.flaw == Some(Flaw::LastRawStays);
            Ok(inner.tables.put(rows, last_raw))
        })
    }

    fn assets(&mut self, known: Option<i64>) -> Result<Option<(i64, Vec<Asset>)>, StoreError> {
        self.act(|inner| Ok(known.is_none().then(|| (1, inner.assets.clone()))))
    }

    fn put_assets(&mut self, _assets: &[Asset]) -> Result<u64, StoreError> {
        Err(unusable("no stage asks this"))
    }

    fn latest(&mut self) -> Result<Vec<Latest>, StoreError> {
        Err(unusable("no stage asks this"))
    }

    fn alerts(&mut self, _filter: AlertFilter) -> Result<Vec<Alert>, StoreError> {
        Err(unusable("no stage asks this"))
    }

    fn collectors(&mut self) -> Result<Vec<CollectorRow>, StoreError> {
        Err(unusable("no stage asks this"))
    }

    fn gpus(&mut self) -> Result<Vec<String>, StoreError> {
        Err(unusable("no stage asks this"))
    }

    fn raw(&mut self, _gpu: &str, _from: Time, _to: Time) -> Result<(Option<Raw>, Vec<Raw>), StoreError> {
        Err(unusable("no stage asks this"))
    }

    fn next_raw(&mut self, _gpu: &str, _from: Time) -> Result<Option<Time>, StoreError> {
        Err(unusable("no stage asks this"))
    }

    fn windows(&mut self, _gpu: &str, _size: Size, _from: Time, _to: Time) -> Result<Vec<Window>, StoreError> {
        Err(unusable("no stage asks this"))
    }

    fn newest_final(&mut self, _gpu: &str, _size: Size) -> Result<Option<Time>, StoreError> {
        Err(unusable("no stage asks this"))
    }

    fn backfill(&mut self, _windows: &[Window], _now: Time, _dry_run: bool) -> Result<u64, StoreError> {
        Err(unusable("no stage asks this"))
    }

    fn retain(&mut self, _now: Time, _keep: Retention) -> Result<u64, StoreError> {
        Err(unusable("no stage asks this"))
    }
}

judges_nothing!(FakeStore);
