//! Taking partitions over and losing them; and what a stage looks up while it owns them.
//!
//! The order at take-over is the contract: raise the store's token, so that the old owner's writes are refused from
//! here on; read what was saved; apply settled to committed again and drop what that puts out.

use std::collections::HashMap;
use std::time::Duration;

use tracing::warn;

use super::part::Part;
use super::{Parts, Runner, STEP};
use crate::pipeline::PipelineError;
use crate::pipeline::clock::monotonic;
use crate::stage::{Enrichment, LookUp, Out, Stage, Step};
use crate::store::Token;

/// How often asset records are looked for: an import is seen within this time.
const LOOK_UP_EVERY: Duration = Duration::from_secs(5);

impl<S: Stage> Runner<S> {
    /// Drops everything in memory and gives up what is still owned: another owner writes by now. So is what was just
    /// `assigned`, since the take-over may have failed before it came to it, and the bus tells of each only once.
    pub(super) fn fenced(&mut self, assigned: Vec<i32>) -> Result<(), PipelineError> {
        let mut owned = assigned;
        owned.extend(self.owned.drain().map(|(partition, _)| partition));
        owned.sort_unstable();
        owned.dedup();
        warn!("{}: lost partitions; recovering", self.parts.stage.name());
        self.release(&owned)
    }

    pub(super) fn release(&mut self, partitions: &[i32]) -> Result<(), PipelineError> {
        let Parts { consumer, retry, .. } = &mut self.parts;
        retry.run(|| consumer.release(partitions))
    }

    pub(super) fn take_over(&mut self, assigned: &[i32]) -> Result<(), PipelineError> {
        if assigned.is_empty() {
            return Ok(());
        }
        let stage = self.parts.stage.name();
        let mut tokens: HashMap<i32, Token> = HashMap::new();
        let writes = self.parts.stage.writes_rows();
        let Parts { store, retry, .. } = &mut self.parts;
        if let Some(store) = store
            && writes
        {
            let raised = retry.run(|| store.raise(stage, assigned))?;
            tokens = raised.into_iter().map(|token| (token.partition, token)).collect();
        }
        for partition in assigned {
            let token = tokens.remove(partition);
            let part = self.recover(*partition, token)?;
            self.owned.insert(*partition, part);
            self.parts.retry.pulse.restore();
        }
        Ok(())
    }

    pub(super) fn recover(&mut self, partition: i32, token: Option<Token>) -> Result<Part<S::State>, PipelineError> {
        let now = self.parts.clock.now();
        let Parts { consumer, retry, stage, topic, .. } = &mut self.parts;
        let recovery = retry.run(|| consumer.recover(partition))?;
        let unreadable = |why| PipelineError::State { stage: stage.name(), why };
        let mut part = Part::load(partition, token, &recovery, stage.state_version(), now).map_err(unreadable)?;
        let mut from = recovery.settled;
        while from < recovery.committed {
            let records = retry.run(|| consumer.reread(partition, from, recovery.committed, STEP))?;
            let Some(last) = records.last() else { break };
            from = last.offset + 1;
            let step = Step { now, topic, partition, inputs: &self.inputs };
            part.apply(stage, &step, &records, &mut Out::default());
            retry.pulse.restore();
        }
        part.next = recovery.committed;
        Ok(part)
    }

    /// Keeps the asset records fresh, for a stage that has a store and looks them up.
    pub(super) fn look_up(&mut self) -> Result<(), PipelineError> {
        let what = self.parts.stage.looks_up();
        let fresh = self.looked_up.is_some_and(|at| at.elapsed() < LOOK_UP_EVERY);
        let Parts { store: Some(store), retry, .. } = &mut self.parts else { return Ok(()) };
        if fresh || what == LookUp::Nothing {
            return Ok(());
        }
        match what {
            LookUp::Nothing => {}
            LookUp::Silences => self.inputs.silences = retry.run(|| store.silences())?,
            LookUp::Assets => {
                let known = self.assets;
                if let Some((version, assets)) = retry.run(|| store.assets(known))? {
                    let enriched = assets.into_iter().map(|asset| (asset.gpu_uuid.clone(), Enrichment::new(asset)));
                    self.inputs.assets = enriched.collect();
                    self.assets = Some(version);
                }
            }
        }
        self.looked_up = Some(monotonic());
        Ok(())
    }

    pub(super) fn ends(&mut self) -> Result<Vec<i64>, PipelineError> {
        let Parts { consumer, retry, .. } = &mut self.parts;
        retry.run(|| consumer.ends())
    }

    /// Whether every partition reached its end; `None` while one is not owned.
    pub(super) fn reached(&self, ends: &[i64]) -> Option<bool> {
        let mut all = true;
        for (partition, end) in (0..).zip(ends) {
            all &= self.owned.get(&partition)?.next >= *end;
        }
        Some(all)
    }

    /// Whether others hold what this one needs. Who died is borne with for one session: a broker that was mute may answer
    /// what a dead member had asked, and so count it again.
    pub(super) fn alone(&mut self) -> Result<(), PipelineError> {
        let members = if self.owned.is_empty() { self.others()? } else { Vec::new() };
        if members.is_empty() {
            self.crowded = None;
            return Ok(());
        }
        let since = *self.crowded.get_or_insert_with(monotonic);
        if since.elapsed() < self.parts.consumer.session() { Ok(()) } else { Err(self.busy(members)) }
    }

    pub(super) fn others(&mut self) -> Result<Vec<String>, PipelineError> {
        let Parts { consumer, retry, .. } = &mut self.parts;
        retry.run(|| consumer.others())
    }

    pub(super) fn busy(&self, members: Vec<String>) -> PipelineError {
        PipelineError::Busy { stage: self.parts.stage.name(), members }
    }
}
