//! `source.auto`: what `--source auto` would read here, and why not what comes before it. It asks as a collector does.
//!
//! Where no source is named this is what a collector would do, and a machine that only runs other stages has no GPUs: that is
//! well. It is not where there are GPUs that nothing can read.

use gpuhm::source::auto::Choice;
use gpuhm::source::endpoint::{Endpoint, Taken, Trouble};
use gpuhm::source::place::{Kind, Place};

use super::super::registry::{Finding, Subject};
use super::each::each;
use super::{INTERVAL, count, severe, signs, unreached};
use crate::source::live::here;

/// What it chose, and what that gave; or why it can choose nothing.
type Tried = Result<(Choice, Taken), Trouble>;

pub(super) fn run(subject: &Subject) -> Finding {
    let (live, now) = (subject.live.clone(), subject.now);
    let place = Place { kind: Kind::Auto, host: None, gpus: None };
    let tried: Option<Tried> = each(&[place], subject.patience(), move |place, ending| {
        let mut auto = live.auto(place, &here(), &INTERVAL.into());
        ending.by(auto.breaker());
        let taken = auto.read(now)?;
        let choice = auto.choice().cloned().ok_or_else(|| Trouble::new("it chose nothing"))?;
        Ok((choice, taken))
    })
    .pop()
    .flatten();
    judged(tried, subject.named, signs::on_the_bus(), signs::any())
}

fn judged(tried: Option<Tried>, named: bool, on_the_bus: usize, signs: bool) -> Finding {
    match tried {
        Some(Ok((choice, taken))) => {
            let text = format!("reads {}, {}", choice.name, count(taken.readings.len(), "GPU"));
            Finding::ok(text).details(choice.not)
        }
        Some(Err(trouble)) => {
            let text = match on_the_bus {
                0 => format!("nothing can be read: {}", trouble.why),
                gpus => format!("{} on the bus, and nothing can be read: {}", count(gpus, "GPU"), trouble.why),
            };
            if !named && !signs {
                let text = "no NVIDIA GPU is seen here, and no source is named: nothing to read, for a collector only";
                return Finding::ok(text.to_owned());
            }
            unreached(named, Trouble { why: text, ..trouble })
        }
        None => {
            let text = "DCGM or the driver hangs: auto waits for it, and goes on to nothing else".to_owned();
            let remedy = "systemctl restart nvidia-dcgm; or name what is well: --source nvml";
            severe(named, text).remedy(remedy)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::registry::State;
    use super::*;

    #[test]
    fn a_machine_without_gpus_is_well_until_somebody_names_a_source_or_plugs_one_in() {
        let missing = || Some(Err(Trouble::new("no DCGM: refused; no NVML: not found").hint("install the driver")));
        let none = judged(missing(), false, 0, false);
        assert_eq!((none.state, none.remedy), (State::Ok, None));
        let unread = judged(missing(), false, 8, true);
        assert_eq!((unread.state, unread.remedy.as_deref()), (State::Warning, Some("install the driver")));
        assert!(unread.text.starts_with("8 GPUs on the bus, and nothing can be read: no DCGM"), "{}", unread.text);
        assert_eq!(judged(missing(), true, 0, false).state, State::Fault);
        assert_eq!(judged(None, true, 8, true).state, State::Fault);
    }
}
