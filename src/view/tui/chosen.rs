//! What a model's filter lets through, in its order, for who prints and does not draw.

use super::model::Model;
use crate::event::fleet::GpuNow;

impl Model {
    /// The GPUs of the table, in its order; none before the first reading.
    #[must_use]
    pub fn chosen(&self) -> Vec<&GpuNow> {
        let Some(read) = &self.read else { return Vec::new() };
        let rows = self.derived.order.iter().filter_map(|at| self.derived.rows.get(*at));
        rows.filter_map(|row| read.fleet.gpus.get(row.gpu)).collect()
    }
}
