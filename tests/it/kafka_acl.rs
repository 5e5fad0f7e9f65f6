//! The rights that `docs/kafka.md` names for each command are enough, and each is needed: a login gets them one after the
//! other, and without the next one a command says which it is, as it is named on the cluster.

use std::process::{Command, Stdio};

use crate::broker::topics::QUICK;
use crate::broker::{self, Secure};
use crate::process::{Home, Ran};

/// A user without rights, a prefix of its own, and what its commands need.
struct User {
    secure: Secure,
    prefix: String,
    home: Home,
    file: String,
}

impl User {
    fn of(secure: Secure) -> User {
        let (home, prefix) = (Home::new(), broker::prefix());
        let (password, ca) = (secure.password("nobody"), secure.ca());
        let text = format!(
            "security.protocol=sasl_ssl\nsasl.mechanism=PLAIN\nsasl.username=nobody\nsasl.password={password}\n\
ssl.ca.location={}\n",
            ca.display()
        );
        let file = home.file("client.properties", text);
        User { secure, prefix, home, file }
    }

    /// Has an admin change what the user may; `P-` in a name is the prefix.
    fn rights(&self, verb: &str, rights: &str) {
        let ca = self.secure.ca();
        let rights = rights.replace("P-", &self.prefix);
        let status = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kafka/secure"))
            .args(["ask", std::env::var_os("GPUHM_TEST_KAFKA_LIBS").unwrap().to_str().unwrap()])
            .arg(ca.parent().unwrap())
            .args(["org.apache.kafka.tools.AclCommand", verb, "--force", "--allow-principal", "User:nobody"])
            .args(rights.split(' '))
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{verb} {rights}");
    }

    fn args<'a>(&'a self, command: &'a str, bus: &'a str, quick: &'a [String]) -> Vec<&'a str> {
        let mut args: Vec<&str> = command.split(' ').collect();
        args.extend(["-b", bus, "-F", &self.file, "--topic-prefix", &self.prefix]);
        args.extend(quick.iter().flat_map(|setting| ["-X", setting]));
        args
    }

    fn with<T>(&self, command: &str, run: impl FnOnce(&Home, &[&str]) -> T) -> T {
        let quick = QUICK.map(|(key, value)| format!("{key}={value}"));
        let group = ["validate", "aggregate"].iter().any(|stage| command.starts_with(stage));
        let bus = self.secure.address();
        run(&self.home, &self.args(command, &bus, if group { &quick } else { &[] }))
    }

    /// Does it.
    fn may(&self, command: &str) -> String {
        self.with(command, Home::ok)
    }

    /// Is refused, reads why, and in the hint the name as it is on the cluster.
    fn may_not(&self, command: &str, says: &str, hint: &str) {
        let (says, hint) = (says.replace("P-", &self.prefix), hint.replace("P-", &self.prefix));
        let Ran { err, .. } = self.with(command, |home, args| home.fails(args, 2, &[&says]));
        let hints: Vec<&str> = err.lines().filter(|line| line.starts_with("hint: ")).collect();
        assert!(hints.len() == 1 && hints[0].ends_with(&hint), "{command}: no {hint:?} in {err}");
    }
}

/// Samples of a GPU that fails, so that there is an alert.
const COLLECT: &str =
    "collect --source sim --speed max --ticks 12 --gpus 8 --hosts 1 --fault ecc_dbe@gpu-node-001/1+20s";
const VALIDATE: &str = "validate --once --instance i";
const AGGREGATE: &str = "aggregate --once --instance i";
const TAIL: &str = "tail --no-follow -n all";

#[test]
fn each_command_needs_the_rights_that_the_docs_name() {
    let Some(secure) = broker::secure("kafka_acl::each_command_needs_the_rights_that_the_docs_name") else { return };
    let user = User::of(secure);
    let topics = "migrate topics --partitions 2";
    user.may_not(topics, "not allowed to look at topic P-gpu-metrics-raw", "Describe --topic P-gpu-metrics-raw");
    user.rights("--add", "--operation Describe --topic P- --resource-pattern-type prefixed");
    user.may_not(topics, "not allowed to create topic P-", "--operation Create --topic P-gpuhm-state");
    user.rights("--add", "--operation Create --operation DescribeConfigs --topic P- --resource-pattern-type prefixed");
    user.may(topics);
    user.may(&format!("{topics} --check"));
    let made = "--operation Describe --operation Create --operation DescribeConfigs";
    user.rights("--remove", &format!("{made} --topic P- --resource-pattern-type prefixed"));

    user.may_not(COLLECT, "not allowed to look at topic P-gpu-metrics-raw", "--topic P-gpu-metrics-raw");
    user.rights("--add", "--operation Write --topic P-gpu-metrics-raw");
    user.may(COLLECT);

    user.may_not(VALIDATE, "not allowed to look at topic P-gpuhm-state", "--topic P-gpuhm-state");
    user.rights("--add", "--operation Read --topic P-gpu-metrics-raw --topic P-gpuhm-state");
    user.may_not(VALIDATE, "not allowed to use group P-gpuhm-validate", "--operation Read --group P-gpuhm-validate");
    user.rights("--add", "--operation Read --group P-gpuhm-validate");
    let id = "P-gpuhm-validate-i";
    user.may_not(VALIDATE, &format!("in transactions as {id}"), &format!("--transactional-id {id}"));
    user.rights("--add", "--operation Write --transactional-id P-gpuhm-validate- --resource-pattern-type prefixed");
    user.may_not(VALIDATE, "look at topic P-gpu-metrics-validated", "--topic P-gpu-metrics-validated");
    // To look at a topic is not to write to it: the broker says so in the middle of a transaction.
    user.rights("--add", "--operation Describe --topic P-gpu-metrics-validated");
    user.rights("--add", "--operation Write --topic P-gpuhm-state --topic P-gpu-metrics-invalid");
    user.may_not(
        VALIDATE,
        "not allowed to write to topic P-gpu-metrics-validated",
        "Write --topic P-gpu-metrics-validated",
    );
    let out = "--operation Write --topic P-gpu-metrics-validated --topic P-gpu-metrics-invalid --topic P-gpuhm-state";
    user.rights("--add", out);
    user.may(VALIDATE);

    user.rights("--add", "--operation Read --topic P-gpu-metrics-validated");
    user.may_not(AGGREGATE, "not allowed to use group P-gpuhm-aggregate", "--operation Read --group P-gpuhm-aggregate");
    user.rights("--add", "--operation Read --group P-gpuhm-aggregate");
    user.rights("--add", "--operation Write --transactional-id P-gpuhm-aggregate- --resource-pattern-type prefixed");
    user.may_not(AGGREGATE, "look at topic P-gpu-alerts", "--topic P-gpu-alerts");
    user.rights("--add", "--operation Write --topic P-gpu-alerts");
    user.may(AGGREGATE);
    user.may("score --once");

    // Who reads by assignment names a group and needs no right to it.
    user.may_not(TAIL, "not allowed to read topic P-gpu-alerts", "--operation Read --topic P-gpu-alerts");
    user.rights("--add", "--operation Read --topic P-gpu-alerts");
    assert!(user.may(TAIL).contains("ecc_dbe"));
    user.may("top --once -o csv");
}
