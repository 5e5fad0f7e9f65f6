//! `kafka.acl`: what this login may, as far as that can be told without doing it.

use gpuhm::bus::kafka::topics::allowed::{Refused, UNTOLD, refused};
use gpuhm::pipeline::crew::group;

use super::reach;
use super::registry::{Check, Finding, Subject, told};

pub(super) const CHECK: Check = Check { id: "kafka.acl", needs: Some(reach::ID), applies: Subject::on_kafka, run };

/// A transactional id of its own: another's would be fenced by the try.
const TRIED: &str = "gpuhm-doctor";

fn run(subject: &Subject) -> Finding {
    told(look(subject))
}

fn look(subject: &Subject) -> Result<Finding, Finding> {
    let groups = ["validate", "aggregate"].map(group);
    let refused = refused(&subject.kafka()?, &groups, TRIED)?;
    if refused.is_empty() {
        return Ok(Finding::ok(format!("nothing is refused; {UNTOLD}")));
    }
    let told = refused.iter().map(|Refused { operation, kind, name }| format!("{operation} on {kind} {name}"));
    let text = format!("refused: {}", told.collect::<Vec<_>>().join(", "));
    Ok(Finding::fault(text).remedy(commands(&refused)))
}

/// A command for each kind of right, with everything that lacks it.
fn commands(refused: &[Refused]) -> String {
    let mut commands: Vec<((&str, &str), String)> = Vec::new();
    for Refused { operation, kind, name } in refused {
        // Every stage's id begins alike.
        let (name, pattern) = match name.strip_suffix("doctor") {
            Some(all) if *kind == "transactional-id" => (all, " --resource-pattern-type prefixed"),
            _ => (name.as_str(), ""),
        };
        // Who may read in a group may look at it, and a stage needs both.
        let operation = if *kind == "group" { &"Read" } else { operation };
        let one = format!(" --{kind} {name}");
        if let Some((_, command)) = commands.iter_mut().find(|(of, _)| *of == (*operation, *kind)) {
            command.push_str(&one);
        } else {
            let command =
                format!("kafka-acls.sh --add --allow-principal User:NAME{pattern} --operation {operation}{one}");
            commands.push(((operation, kind), command));
        }
    }
    commands.into_iter().map(|(_, command)| command).collect::<Vec<_>>().join(" && ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_names_all_that_lacks_one_right() {
        let lacks = |operation, kind, name: &str| Refused { operation, kind, name: name.to_owned() };
        let refused = [
            lacks("Read", "topic", "a"),
            lacks("Read", "topic", "b"),
            lacks("Write", "transactional-id", "p-gpuhm-doctor"),
        ];
        let add = "kafka-acls.sh --add --allow-principal User:NAME";
        let wanted = format!(
            "{add} --operation Read --topic a --topic b && {add} --resource-pattern-type prefixed --operation Write \
             --transactional-id p-gpuhm-"
        );
        assert_eq!(commands(&refused), wanted);
    }
}
