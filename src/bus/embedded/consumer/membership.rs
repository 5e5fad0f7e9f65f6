//! A member's look at its group, and what follows: it takes what is free, drops what it lost, says what to give up.
//!
//! The look is a read; the file is locked only where something is to change or a heartbeat is due.

use std::collections::{BTreeMap, BTreeSet};

use super::{BEAT, EmbeddedConsumer, Own};
use crate::bus::embedded::group::{self, Plan, Standing, Survey, Taken};
use crate::bus::embedded::sweep;
use crate::bus::{BusError, Polled};

impl EmbeddedConsumer {
    /// Looks at the group, and does what follows from it.
    pub(super) fn check(&mut self, now: i64, polled: &mut Polled) -> Result<(), BusError> {
        self.checked = Some(now);
        let own = self.generations();
        let (standing, mut plan) = self.db.read("look at the group", |tx| {
            let survey = Survey::read(tx, &self.join)?;
            let standing = survey.standing(self.id, &self.join.instance);
            Ok((standing, survey.plan(self.id, &self.me, &own, now)))
        })?;
        let changes = standing != Standing::Member || !plan.dead.is_empty() || !plan.take.is_empty();
        if changes || now.saturating_sub(self.beaten) >= BEAT {
            let taken;
            (plan, taken) = self.change(&own, now)?;
            for taken in taken {
                let own = Own { generation: taken.generation, position: taken.position, told: None };
                self.owned.insert(taken.partition, own);
                polled.assigned.push(taken.partition);
                polled.skipped += taken.skipped;
            }
        }
        self.lost.extend(plan.lost);
        if !self.lost.is_empty() {
            // Taken again only in the next poll, so that what was lost is dropped first.
            self.checked = None;
            let lost = std::mem::take(&mut self.lost);
            self.owned.retain(|partition, _| !lost.contains(partition));
            // An assignment that nobody was told of is as if it had not been.
            let untold: Vec<i32> = polled.assigned.extract_if(.., |partition| lost.contains(partition)).collect();
            polled.lost.extend(lost.iter().filter(|partition| !untold.contains(partition)));
        }
        let excess: BTreeSet<i32> = plan.excess.into_iter().collect();
        if !excess.is_subset(&self.revoking) {
            polled.revoking = excess.iter().copied().collect();
        }
        self.revoking = excess;
        Ok(())
    }

    /// Removes the dead, takes what is free, and says that this member lives.
    fn change(&mut self, own: &BTreeMap<i32, i64>, now: i64) -> Result<(Plan, Vec<Taken>), BusError> {
        let (join, me, place, lost) = (&self.join, &self.me, self.db.place().clone(), &self.lost);
        let former = self.id;
        let (id, plan, taken) = self.db.write("change the group", |tx| {
            let mut survey = Survey::read(tx, join)?;
            let id = match survey.standing(former, &join.instance) {
                Standing::Replaced => return Err(group::replaced(&place, join).into()),
                Standing::Member => former,
                Standing::Removed => {
                    let id = group::enter(tx, join, me, now)?;
                    survey = Survey::read(tx, join)?;
                    id
                }
            };
            let plan = survey.plan(id, me, own, now);
            for dead in &plan.dead {
                group::leave(tx, *dead)?;
            }
            group::beat(tx, id, now)?;
            let mut taken = Vec::new();
            if plan.lost.is_empty() && lost.is_empty() {
                let tips = sweep::tips(tx, &join.topic)?;
                for (partition, tip) in (0..).zip(tips) {
                    if plan.take.contains(&partition) {
                        taken.push(group::take(tx, join, partition, id, tip)?);
                    }
                }
            }
            Ok((id, plan, taken))
        })?;
        self.id = id;
        self.beaten = now;
        Ok((plan, taken))
    }
}
