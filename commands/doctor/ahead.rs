//! `kafka.clock`: whether the brokers' clocks are ahead of ours, by the newest samples they stamped.
//!
//! That they are behind cannot be told so: a record may simply be old.

use std::time::Duration;

use gpuhm::bus::{From, RAW, Record};
use gpuhm::pipeline::clock::wall;

use super::registry::{Check, Finding, Subject, told};
use super::topics;

pub(super) const CHECK: Check = Check { id: "kafka.clock", needs: Some(topics::ID), applies: Subject::on_kafka, run };

/// Milliseconds ahead at which someone should look, and at which work is lost: validate refuses what is five minutes ahead
/// of the broker's clock, so clocks that differ by a minute are well on the way.
const LOOK: i64 = 2_000;
const LOST: i64 = 60_000;
/// How long to wait for the newest records.
const WAIT: Duration = Duration::from_millis(300);
const TRIES: usize = 5;

fn run(subject: &Subject) -> Finding {
    told(look(subject))
}

fn look(subject: &Subject) -> Result<Finding, Finding> {
    let bus = subject.open_bus()?;
    let mut reader = bus.reader(RAW, From::Newest(1))?;
    let mut newest = None;
    for _ in 0..TRIES {
        let records = reader.read(1000, WAIT)?;
        let latest = records.iter().map(|(_, Record { time, .. })| *time).max();
        if newest.is_some() && latest.is_none() {
            break;
        }
        newest = newest.max(latest);
    }
    let Some(newest) = newest else {
        return Ok(Finding::ok("no sample yet: cannot be told".to_owned()));
    };
    let ahead = newest.since(wall());
    #[expect(clippy::cast_precision_loss, reason = "seconds, to be read")]
    let seconds = ahead.abs() as f64 / 1000.0;
    if ahead < LOOK {
        return Ok(Finding::ok(format!("the newest sample reached a broker {seconds:.1} s ago by its clock")));
    }
    let text = format!("a broker's clock is {seconds:.1} s ahead of this machine's");
    let found = if ahead < LOST { Finding::warning(text) } else { Finding::fault(text) };
    Ok(found.remedy("timedatectl timesync-status, here and on the brokers"))
}
