//! `gpuhm doctor` on host engines: each of its checks well, and each of its faults with its remedy, in time.

use std::time::Duration;

use gpuhm::pipeline::clock::monotonic;
use serde_json::{Value, json};

use crate::dcgm_support::{World, ended, rows, standin};
use crate::process::Ran;

/// The checks of host engines.
const OURS: &str = "dcgm.library,dcgm.socket,dcgm.hostengine,dcgm.profiling,nvml.driver,exporter.pages,source.auto";

/// Profiling's fields; newer ones of health have higher numbers.
fn is_profiling(field: u16) -> bool {
    (1001..1100).contains(&field)
}

/// What was found, by the checks that were run.
pub(crate) struct Found(Vec<Value>);

impl Found {
    pub(crate) fn of(ran: &Ran, code: i32) -> Found {
        assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
        assert_eq!(ran.err, "", "what is found is told once");
        let answer: Value = serde_json::from_str(&ran.out).unwrap();
        Found(answer["checks"].as_array().unwrap().clone())
    }

    pub(crate) fn ids(&self) -> Vec<&str> {
        self.0.iter().map(|check| check["id"].as_str().unwrap()).collect()
    }

    pub(crate) fn check(&self, id: &str) -> &Value {
        self.0.iter().find(|check| check["id"] == id).unwrap_or_else(|| panic!("no {id}: {:#?}", self.0))
    }

    /// A check's state, with all of `says` in its text.
    #[track_caller]
    pub(crate) fn is(&self, id: &str, state: &str, says: &[&str], remedy: &str) {
        let check = self.check(id);
        assert_eq!(check["state"], state, "{check:#}");
        for what in says {
            assert!(check["text"].as_str().unwrap().contains(what), "{what:?} in {check:#}");
        }
        match remedy {
            "" => assert!(check["remedy"].is_null(), "{check:#}"),
            _ => assert!(check["remedy"].as_str().is_some_and(|said| said.contains(remedy)), "{remedy:?} in {check:#}"),
        }
    }

    pub(crate) fn details(&self, id: &str) -> String {
        let details = self.check(id)["details"].as_array().cloned().unwrap_or_default();
        details.iter().map(|detail| detail.as_str().unwrap().to_owned() + "\n").collect()
    }
}

/// Looks at engines by their sources.
fn look(world: &World, sources: &[String], code: i32, more: &[&str]) -> Found {
    let mut command = world.home.command(&["doctor", "-o", "json", "--only", OURS]);
    for source in sources {
        command.args(["--source", source]);
    }
    command.args(more);
    Found::of(&ended(world.with(command)), code)
}

/// Looks at the first engine.
fn first(world: &World, code: i32, more: &[&str]) -> Found {
    look(world, &[world.source(0)], code, more)
}

#[test]
fn an_engine_that_is_well_is_told_with_version_gpus_and_profiling() {
    let world = World::new(1);
    let found = first(&world, 0, &["--strict"]);
    assert_eq!(found.ids(), ["dcgm.library", "dcgm.hostengine", "dcgm.profiling"]);
    found.is("dcgm.library", "ok", &["libdcgm 4.6.0: /", "libdcgm_standin.so"], "");
    found.is("dcgm.hostengine", "ok", &["dcgm://127.0.0.1:", "answers by TCP, host engine 4.6.0, 8 GPUs"], "");
    assert_eq!(found.details("dcgm.hostengine"), "", "nothing is absent");
    let all = rows().iter().filter(|(_, field, _)| is_profiling(*field)).count();
    found.is("dcgm.profiling", "ok", &[&format!("{all} of {all} profiling values of 8 GPUs")], "");
    let off = first(&world, 0, &["--strict", "--profile-interval", "off"]);
    off.is("dcgm.profiling", "ok", &["off, as the settings say"], "");
    // The same to a reader.
    let args = ["doctor", "--only", "dcgm.hostengine", "--source", &world.source(0)];
    let table = ended(world.with(world.home.command(&args)));
    assert!(table.out.starts_with("ok       dcgm.hostengine dcgm://127.0.0.1:"), "{}", table.out);
}

#[test]
fn a_library_that_cannot_be_loaded_is_told_once_with_what_to_install() {
    let world = World::new(1);
    for (library, says) in
        [("/nowhere/libdcgm.so.4", "found no /nowhere/libdcgm.so.4"), ("libc.so.6", "libc.so.6: not DCGM 3 or 4")]
    {
        let found = first(&world, 1, &["--libdcgm", library]);
        found.is("dcgm.library", "fault", &[says], "datacenter-gpu-manager-4-core");
        for id in ["dcgm.hostengine", "dcgm.profiling"] {
            found.is(id, "skipped", &["needs dcgm.library"], "");
        }
    }
    let missing = first(&world, 1, &["--libdcgm", "/nowhere/libdcgm.so.4"]);
    assert_eq!(missing.details("dcgm.library"), "/nowhere/libdcgm.so.4: No such file or directory\n");
}

#[test]
fn an_engine_that_is_not_there_is_told_by_how() {
    let mut world = World::new(1);
    world.set(0, "version", json!("4.5.3"));
    let found = first(&world, 1, &[]);
    found.is("dcgm.hostengine", "fault", &["host engine 4.5.3 is older than libdcgm 4.6.0"], "update the host engine");
    found.is("dcgm.profiling", "skipped", &["needs dcgm.hostengine"], "");
    // Something listens, and it is none.
    world.script["engines"] = json!({});
    world.write();
    let found = first(&world, 1, &["--timeout", "5s"]);
    found.is("dcgm.hostengine", "fault", &["no host engine behind this port"], "5555");
    world.close();
    let found = first(&world, 1, &[]);
    found.is("dcgm.hostengine", "fault", &["connection refused"], "systemctl status nvidia-dcgm");
}

#[test]
fn versions_that_read_each_other_and_do_not_fit_are_a_warning() {
    let mut world = World::new(1);
    world.script["library"] = json!("4.5.0");
    world.set(0, "version", json!("4.2.3"));
    let found = first(&world, 0, &[]);
    found.is("dcgm.library", "ok", &["libdcgm 4.5.0"], "");
    let says = ["host engine 4.2.3", "libdcgm 4.5.0 is newer"];
    found.is("dcgm.hostengine", "warning", &says, "update the host engine to 4.5.0");
    first(&world, 1, &["--strict"]);
}

#[test]
fn gpus_and_drivers_that_are_missing_are_told() {
    let mut world = World::new(1);
    let short = look(&world, &[format!("{},gpus=9", world.source(0))], 1, &[]);
    short.is("dcgm.hostengine", "fault", &["8 of 9 GPUs are there"], "nvidia-smi -L");
    world.gpu(0, 3)["state"] = json!(4);
    world.gpu(0, 3)["blank"] = json!("null");
    world.write();
    first(&world, 0, &[]).is("dcgm.hostengine", "warning", &["8 GPUs; GPU 3 lost"], "dmesg");
    world.engine(0)["per_gpu"] = json!({});
    world.set(0, "latched", json!(true));
    first(&world, 0, &[]).is("dcgm.hostengine", "warning", &["latched"], "systemctl restart nvidia-dcgm");
    world.engine(0)["latched"] = json!(false);
    world.set(0, "no_driver", json!(true));
    first(&world, 0, &[]).is("dcgm.hostengine", "warning", &["runs without a driver"], "nvidia-smi must work");
    world.engine(0)["no_driver"] = json!(false);
    world.set(0, "gpus", json!(0));
    let none = first(&world, 1, &[]);
    none.is("dcgm.hostengine", "fault", &["0 GPUs; none that DCGM supports"], "load the NVIDIA driver");
    none.is("dcgm.profiling", "skipped", &["needs dcgm.hostengine"], "");
}

#[test]
fn what_is_absent_is_named_with_its_reason_and_its_gpus() {
    let mut world = World::new(1);
    world.engine(0)["fields"]["191"] = json!({"blank": "not_supported"});
    world.gpu(0, 5)["fields"] = json!({"150": {"blank": "null"}});
    world.write();
    let found = first(&world, 0, &["--strict"]);
    let metric = |field: u16| rows().iter().find(|(_, of, _)| *of == field).unwrap().0.name;
    let told = found.details("dcgm.hostengine");
    assert!(told.lines().any(|line| line == format!("not supported: {}", metric(191))), "{told}");
    assert!(told.lines().any(|line| line == format!("blank (GPU 5): {}", metric(150))), "{told}");
    world.engine(0)["fields"]["191"] = json!({"blank": "not_permitted"});
    world.write();
    let found = first(&world, 0, &[]);
    found.is("dcgm.hostengine", "warning", &["some values are not permitted"], "nv-hostengine as root");
    let told = found.details("dcgm.hostengine");
    assert!(told.contains("not permitted") && told.contains(metric(191)), "{told}");
    // XIDs that cannot be read are no detail.
    world.set(0, "faults", json!([{"call": "dcgmGetValuesSince_v2", "code": -12}]));
    first(&world, 0, &[]).is("dcgm.hostengine", "warning", &["XIDs cannot be read"], "one version of DCGM");
}

#[test]
fn why_there_is_no_profiling_is_told_with_how_to_get_it() {
    let mut world = World::new(1);
    for (code, remedy) in [(-29, "runs as root"), (-33, "datacenter-gpu-manager-4-proprietary"), (-37, "Nsight")] {
        world.set(0, "profiling", json!(code));
        let found = first(&world, 0, &[]);
        found.is("dcgm.profiling", "warning", &["no profiling values", &code.to_string()], remedy);
        found.is("dcgm.hostengine", "ok", &["8 GPUs"], "");
    }
    world.engine(0)["profiling"] = json!(null);
    for (_, field, _) in rows().iter().filter(|(_, field, _)| is_profiling(*field)) {
        world.engine(0)["fields"][field.to_string()] = json!({"blank": "null"});
    }
    world.write();
    first(&world, 0, &[]).is("dcgm.profiling", "warning", &["they are blank"], "dcgmi profile --resume");
}

#[test]
fn an_engine_that_hangs_costs_itself_and_never_doctor() {
    let mut world = World::new(4);
    let hang = |call: &str, deaf: bool| json!([{"call": call, "hang": true, "deaf": deaf}]);
    world.engine(1)["faults"] = hang("dcgmConnect_v2", false);
    world.engine(2)["faults"] = hang("dcgmGetLatestValues_v2", false);
    world.engine(3)["faults"] = hang("dcgmGetLatestValues_v2", true);
    world.write();
    let sources: Vec<String> = (0..4).map(|nth| world.source(nth)).collect();
    // Building the stand-in is none of doctor's time.
    standin();
    let begun = monotonic();
    let found = look(&world, &sources, 1, &["--timeout", "2s"]);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    found.is("dcgm.hostengine", "fault", &["3 of 4 host engines: "], "nvidia-dcgm");
    let told = format!("{}\n{}", found.check("dcgm.hostengine")["text"], found.details("dcgm.hostengine"));
    let of = |nth: usize| {
        let source = world.source(nth);
        let place = source.split('#').next().unwrap().to_owned();
        told.lines()
            .find(|line| line.contains(&format!("{place}: ")))
            .unwrap_or_else(|| panic!("{place}: {told}"))
            .to_owned()
    };
    assert!(of(0).contains("answers by TCP, host engine 4.6.0, 8 GPUs"), "{told}");
    assert!(of(1).contains("no answer within 4.0 s"), "{told}");
    assert!(of(2).contains("the connection was cut"), "a call that can be ended: {told}");
    assert!(of(3).contains("no answer within 4.0 s"), "{told}");
    found.is("dcgm.profiling", "ok", &["profiling values of 8 GPUs"], "");
}
