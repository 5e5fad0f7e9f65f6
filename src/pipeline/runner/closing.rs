//! How a run ends, and how everything is saved in between.

use super::{Out, Runner};
use crate::bus::BusError;
use crate::pipeline::PipelineError;
use crate::stage::Stage;
use crate::store::StoreError;

impl<S: Stage> Runner<S> {
    /// Ends the run: what is open is shown where the log's end was reached, and every state is saved.
    pub(super) fn close(&mut self, at_end: bool) -> Result<(), PipelineError> {
        let now = self.parts.clock.now();
        let mut out = Out::default();
        if at_end {
            for part in self.owned.values_mut() {
                part.idle(&mut self.parts.stage, now, true, &mut out);
            }
        }
        self.save_with(out)
    }

    /// Saves every state. Where another member writes by now, it has saved them.
    pub(super) fn save(&mut self) -> Result<(), PipelineError> {
        self.save_with(Out::default())
    }

    fn save_with(&mut self, out: Out) -> Result<(), PipelineError> {
        let partitions: Vec<i32> = self.owned.keys().copied().collect();
        match self.commit(out, &partitions, &partitions) {
            Err(PipelineError::Bus(BusError::Fenced { .. }) | PipelineError::Store(StoreError::Fenced { .. })) => {
                Ok(())
            }
            other => other,
        }
    }
}
