//! Groups: who is in one, whose each partition is, and whose it should be.
//!
//! There is no coordinator: each member looks at the same rows, in one transaction, and draws the same conclusions.
//! A share is a count, not a list: members keep what they have up to their share, so the fewest partitions move when
//! one comes or goes. Nobody takes from the living: a member with too much gives up the excess by itself, after it has
//! saved its states. Each time a partition changes hands its generation grows, which fences its former owner.
//! This module must not know of records: it moves rows of members, leases and positions only.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::file::{Place, Step};
use super::process::Process;
use super::sweep::tips;
use crate::bus::Join;

/// A member, as its row has it.
#[derive(Debug)]
struct Member {
    id: i64,
    instance: String,
    process: Process,
    beat: i64,
}

/// A group as it stands.
#[derive(Debug)]
pub(super) struct Survey {
    members: Vec<Member>,
    /// Owner and generation of each partition that was ever owned.
    leases: BTreeMap<i32, (Option<i64>, i64)>,
    partitions: i32,
}

/// What follows from a survey for one member.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Members that are dead.
    pub(super) dead: Vec<i64>,
    /// Partitions to take.
    pub(super) take: Vec<i32>,
    /// Partitions the member believes it has and has not.
    pub(super) lost: Vec<i32>,
    /// Partitions to give up.
    pub(super) excess: Vec<i32>,
}

/// Whether a member is still what it was.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is.
    Member,
    /// It was taken for dead and removed.
    Removed,
    /// Another of the same name has joined.
    Replaced,
}

/// A partition just taken.
#[derive(Debug)]
pub(super) struct Taken {
    /// The partition.
    pub(super) partition: i32,
    /// The generation, which proves ownership.
    pub(super) generation: i64,
    /// The committed position.
    pub(super) position: i64,
    /// Records dropped before the group had read them.
    pub(super) skipped: u64,
}

impl Survey {
    pub(super) fn read(tx: &Transaction<'_>, join: &Join) -> Step<Survey> {
        Survey::of(tx, &join.group, &join.topic)
    }

    /// The group's, for who need not be in it.
    pub(super) fn of(tx: &Transaction<'_>, group: &str, topic: &str) -> Step<Survey> {
        let mut select = tx.prepare_cached(
            "SELECT id, instance, pid, start, boot, space, beat FROM member WHERE crew = ?1 AND topic = ?2
             ORDER BY instance",
        )?;
        let members = select.query_map(params![group, topic], |row| {
            let process = Process { pid: row.get(2)?, start: row.get(3)?, boot: row.get(4)?, space: row.get(5)? };
            Ok(Member { id: row.get(0)?, instance: row.get(1)?, process, beat: row.get(6)? })
        })?;
        let members = members.collect::<Result<Vec<_>, _>>()?;
        let mut select =
            tx.prepare_cached("SELECT partition, member, generation FROM lease WHERE crew = ?1 AND topic = ?2")?;
        let leases = select.query_map(params![group, topic], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
        let leases = leases.collect::<Result<BTreeMap<_, _>, _>>()?;
        let partitions = i32::try_from(tips(tx, topic)?.len()).unwrap_or(i32::MAX);
        Ok(Survey { members, leases, partitions })
    }

    pub(super) fn standing(&self, id: i64, instance: &str) -> Standing {
        match self.members.iter().find(|member| member.instance == instance) {
            Some(member) if member.id == id => Standing::Member,
            Some(_) => Standing::Replaced,
            None => Standing::Removed,
        }
    }

    /// Whether a partition is the member's in that generation.
    pub(super) fn holds(&self, partition: i32, id: i64, generation: i64) -> bool {
        self.leases.get(&partition).is_some_and(|lease| *lease == (Some(id), generation))
    }

    /// The names of those that live, but for the member `besides`.
    pub(super) fn living(&self, besides: Option<i64>, me: &Process, now: i64) -> Vec<String> {
        let others = self.members.iter().filter(|member| Some(member.id) != besides);
        let living = others.filter(|member| me.sees(&member.process, member.beat, now));
        living.map(|member| member.instance.clone()).collect()
    }

    /// What the member `id`, which believes it owns `own` (partition and generation), is to do.
    pub(super) fn plan(&self, id: i64, me: &Process, own: &BTreeMap<i32, i64>, now: i64) -> Plan {
        // Who asks lives, however long ago its last heartbeat was.
        let lives = |member: &Member| member.id == id || me.sees(&member.process, member.beat, now);
        let (living, dead): (Vec<&Member>, Vec<&Member>) = self.members.iter().partition(|member| lives(member));
        let living: Vec<i64> = living.iter().map(|member| member.id).collect();
        let mine = |(partition, generation): (&i32, &i64)| (*partition, self.holds(*partition, id, *generation));
        let (held, lost): (Vec<_>, Vec<_>) = own.iter().map(mine).partition(|(_, held)| *held);
        let held: Vec<i32> = held.into_iter().map(|(partition, _)| partition).collect();
        let taken: BTreeSet<i32> = (self.leases.iter())
            .filter(|(_, (owner, _))| owner.is_some_and(|owner| owner != id && living.contains(&owner)))
            .map(|(partition, _)| *partition)
            .collect();
        let share = share(self.partitions, &living, id);
        let free = (0..self.partitions).filter(|partition| !taken.contains(partition) && !held.contains(partition));
        Plan {
            dead: dead.iter().map(|member| member.id).collect(),
            take: free.take(share.saturating_sub(held.len())).collect(),
            lost: lost.into_iter().map(|(partition, _)| partition).collect(),
            excess: held.into_iter().skip(share).collect(),
        }
    }
}

/// How many partitions are the member's: an equal part, and one of the rest for the first in order of names.
fn share(partitions: i32, living: &[i64], id: i64) -> usize {
    let partitions = usize::try_from(partitions).unwrap_or(0);
    let members = living.len().max(1);
    let rank = living.iter().position(|member| *member == id).unwrap_or(members);
    partitions / members + usize::from(rank < partitions % members)
}

/// Adds a member; one of the same name loses its place and everything it has. Returns the new one's number.
pub(super) fn enter(tx: &Transaction<'_>, join: &Join, me: &Process, now: i64) -> Step<i64> {
    let mut same = tx.prepare_cached("SELECT id FROM member WHERE crew = ?1 AND topic = ?2 AND instance = ?3")?;
    let former: Option<i64> =
        same.query_row(params![join.group, join.topic, join.instance], |row| row.get(0)).optional()?;
    if let Some(former) = former {
        leave(tx, former)?;
    }
    let mut insert = tx.prepare_cached(
        "INSERT INTO member (crew, topic, instance, pid, start, boot, space, beat)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    insert.execute(params![join.group, join.topic, join.instance, me.pid, me.start, me.boot, me.space, now])?;
    Ok(tx.last_insert_rowid())
}

/// Removes a member; what it had is free.
pub(super) fn leave(tx: &Transaction<'_>, id: i64) -> Step<()> {
    tx.prepare_cached("UPDATE lease SET member = NULL WHERE member = ?1")?.execute([id])?;
    tx.prepare_cached("DELETE FROM member WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Says that the member lives.
pub(super) fn beat(tx: &Transaction<'_>, id: i64, now: i64) -> Step<()> {
    tx.prepare_cached("UPDATE member SET beat = ?2 WHERE id = ?1")?.execute([id, now])?;
    Ok(())
}

/// Makes a partition the member's.
pub(super) fn take(tx: &Transaction<'_>, join: &Join, partition: i32, id: i64, tip: (i64, i64)) -> Step<Taken> {
    let mut lease = tx.prepare_cached(
        "INSERT INTO lease (crew, topic, partition, member, generation) VALUES (?1, ?2, ?3, ?4, 1)
         ON CONFLICT DO UPDATE SET member = ?4, generation = generation + 1 RETURNING generation",
    )?;
    let generation = lease.query_row(params![join.group, join.topic, partition, id], |row| row.get::<_, i64>(0))?;
    let (first, _) = tip;
    // A group without a position has read nothing.
    let next = position(tx, join, partition)?.map_or(0, |(next, _)| next);
    if next < first {
        // Told once: from now on the group stands where the log begins.
        move_to(tx, join, partition, first, first)?;
    }
    Ok(Taken { partition, generation, position: next.max(first), skipped: u64::try_from(first - next).unwrap_or(0) })
}

/// Gives a partition up, if it is the member's still.
pub(super) fn release(tx: &Transaction<'_>, join: &Join, partition: i32, id: i64, generation: i64) -> Step<()> {
    let mut update = tx.prepare_cached(
        "UPDATE lease SET member = NULL
         WHERE crew = ?1 AND topic = ?2 AND partition = ?3 AND member = ?4 AND generation = ?5",
    )?;
    update.execute(params![join.group, join.topic, partition, id, generation])?;
    Ok(())
}

/// The group's committed position in a partition, and its settled one.
pub(super) fn position(tx: &Transaction<'_>, join: &Join, partition: i32) -> Step<Option<(i64, i64)>> {
    let mut select =
        tx.prepare_cached("SELECT next, settled FROM position WHERE crew = ?1 AND topic = ?2 AND partition = ?3")?;
    let found = select.query_row(params![join.group, join.topic, partition], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(found.optional()?)
}

/// Moves the group's position in a partition.
pub(super) fn move_to(tx: &Transaction<'_>, join: &Join, partition: i32, next: i64, settled: i64) -> Step<()> {
    let mut upsert = tx.prepare_cached(
        "INSERT INTO position (crew, topic, partition, next, settled) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET next = excluded.next, settled = excluded.settled",
    )?;
    upsert.execute(params![join.group, join.topic, partition, next, settled])?;
    Ok(())
}

/// What a member is told whose name another has taken.
pub(super) fn replaced(place: &Place, join: &Join) -> crate::bus::BusError {
    place.unusable(format!("another member named {} has taken over in group {}", join.instance, join.group))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bus::embedded::process::uptime;

    proptest! {
        /// Whatever is owned by whom, dead members included, a few rounds leave each living member its share, and
        /// nothing moves that need not.
        #[test]
        fn shares_settle(members in 1i64..40, owners in proptest::collection::vec(proptest::option::of(0i64..50), 32)) {
            let (me, now) = (Process::this().unwrap(), uptime());
            let member = |id| Member { id, instance: format!("m{id:02}"), process: me.clone(), beat: now };
            let leases = (0..).zip(owners.iter().map(|owner| (*owner, 1))).collect();
            let mut survey = Survey { members: (0..members).map(member).collect(), leases, partitions: 32 };
            let before = survey.leases.clone();
            for _ in 0..3 {
                for id in 0..members {
                    let own = survey.leases.iter().filter(|(_, lease)| lease.0 == Some(id));
                    let own = own.map(|(partition, lease)| (*partition, lease.1)).collect();
                    let plan = survey.plan(id, &me, &own, now);
                    prop_assert!(plan.lost.is_empty() && plan.dead.is_empty());
                    for partition in plan.excess {
                        survey.leases.insert(partition, (None, 1));
                    }
                    for partition in plan.take {
                        survey.leases.insert(partition, (Some(id), 1));
                    }
                }
            }
            for id in 0..members {
                let held = |leases: &BTreeMap<i32, (Option<i64>, i64)>| {
                    leases.iter().filter(|(_, lease)| lease.0 == Some(id)).map(|(at, _)| *at).collect::<BTreeSet<_>>()
                };
                let (was, is) = (held(&before), held(&survey.leases));
                let share = usize::try_from(32 / members + i64::from(id < 32 % members)).unwrap();
                prop_assert_eq!(is.len(), share);
                prop_assert_eq!(was.intersection(&is).count(), was.len().min(share));
            }
        }
    }
}
