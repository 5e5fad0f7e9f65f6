//! What a host engine has, as events of the real binary: values and their units, blanks, names, instances of MIG.

use serde_json::{Value, json};

use crate::dcgm_support::{World, ended, rows, value};

#[test]
fn every_metric_with_a_field_arrives_with_its_value_in_its_unit() {
    let world = World::new(1);
    let told = world.once();
    assert_eq!(told.samples.len(), 8, "{}", told.said);
    for gpu in 0..8 {
        let sample = told.of_gpu(0, gpu)[0];
        for (metric, field, expected) in rows() {
            let found = value(sample, metric).as_f64();
            let close = found.is_some_and(|found| (found - expected).abs() < 1e-6 * expected);
            assert!(close, "GPU {gpu}, {} (field {field}): {found:?} is not {expected}", metric.name);
        }
        assert_eq!(sample["quality"]["stale"], false);
        assert_eq!(sample["quality"]["error"], Value::Null);
    }
    assert_eq!(told.report(0)["source_state"], "ok");
    assert_eq!(told.report(0)["source"], "dcgm");
    assert_eq!((&told.report(0)["gpus_seen"], &told.report(0)["gpus_expected"]), (&json!(8), &json!(8)));
}

#[test]
fn a_gpu_is_named_by_its_attributes() {
    let mut world = World::new(1);
    world.engine(0)["gpus"] = json!(2);
    world.engine(0)["first_id"] = json!(5);
    world.engine(0)["serial"] = json!("165{g}");
    world.write();
    let told = world.once();
    let sample = told.of_gpu(0, 1)[0];
    let gpu = &sample["gpu"];
    assert!(gpu["gpu_uuid"].as_str().unwrap().ends_with("-4000-8000-000000000001"), "{gpu}");
    assert_eq!(gpu["name"], "NVIDIA H100 80GB HBM3");
    assert_eq!(gpu["serial"], "1651");
    assert_eq!(gpu["driver_version"], "550.54.15");
    assert_eq!(gpu["architecture"], "Hopper");
    assert_eq!(gpu["compute_capability"], "9.0");
    // Four digits of the domain, lower case: as the kernel and nvidia-smi -q's readers have it.
    assert_eq!(gpu["pci_bus_id"].as_str().unwrap().to_lowercase(), "0000:1c:00.0");
}

#[test]
fn the_table_has_every_metric() {
    let world = World::new(1);
    let ran = world.collect(&["--once", "-o", "table"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for (metric, ..) in rows() {
        let row = ran.out.lines().find(|line| line.split_whitespace().next() == Some(metric.name));
        let row = row.unwrap_or_else(|| panic!("no row {}: {}", metric.name, ran.out));
        assert!(!row.trim_end().ends_with('-'), "{row}");
    }
}

#[test]
fn blanks_and_failed_fields_are_absent_whatever_their_kind() {
    let mut world = World::new(1);
    let all = rows();
    let kinds = ["null", "not_found", "not_supported", "not_permitted"];
    let statuses = [-6, -13, -14, -17, -99];
    // GPU 0 to 3: one kind in every other field, so that each kind meets whole and real numbers; GPU 4: statuses.
    for (nth, (_, field, _)) in all.iter().enumerate().filter(|(nth, _)| nth % 2 == 0) {
        for (gpu, kind) in (0..).zip(kinds) {
            world.gpu(0, gpu)["fields"][field.to_string()] = json!({"blank": kind});
        }
        world.gpu(0, 4)["fields"][field.to_string()] = json!({"status": statuses[nth / 2 % statuses.len()]});
    }
    world.write();
    let told = world.once();
    for gpu in 0..5 {
        let sample = told.of_gpu(0, gpu)[0];
        for (nth, (metric, field, expected)) in all.iter().enumerate() {
            let found = value(sample, metric).as_f64();
            let expected = (nth % 2 == 1).then_some(*expected);
            let same = match (found, expected) {
                (Some(found), Some(expected)) => (found - expected).abs() < 1e-6 * expected,
                (found, expected) => found.is_none() && expected.is_none(),
            };
            assert!(same, "GPU {gpu}, {} (field {field}): {found:?}, not {expected:?}", metric.name);
        }
    }
}

#[test]
fn fields_an_older_engine_does_not_know_cost_only_themselves() {
    let mut world = World::new(1);
    world.script["library"] = json!("4.0.0");
    world.engine(0)["version"] = json!("4.0.0");
    world.engine(0)["unknown"] = json!([157]);
    world.write();
    let told = world.once();
    let sample = told.of_gpu(0, 0)[0];
    let (newest, known) = (1216, |field: u16| ![153, 157, 346].contains(&field));
    for (metric, field, _) in rows() {
        let there = !value(sample, metric).is_null();
        assert_eq!(there, field < newest && known(field), "{} (field {field})", metric.name);
    }
}

#[test]
fn without_profiling_the_rest_is_read() {
    let mut world = World::new(1);
    world.set(0, "profiling", json!(-29));
    let told = world.once();
    let sample = told.of_gpu(0, 0)[0];
    for (metric, field, _) in rows() {
        let there = !value(sample, metric).is_null();
        assert_eq!(there, !(1001..1100).contains(&field), "{}", metric.name);
    }
    assert!(told.said.contains("root"), "it says what to do: {}", told.said);
}

#[test]
fn an_engine_without_a_driver_gives_what_it_has_cached() {
    let mut world = World::new(1);
    world.engine(0)["no_driver"] = json!(true);
    let uuid = "GPU-11111111-2222-3333-4444-00000000000{g}";
    world.engine(0)["uuid"] = json!(uuid);
    for gpu in 0..8 {
        world.gpu(0, gpu)["state"] = json!(5);
    }
    world.write();
    let told = world.once();
    assert_eq!(told.samples.len(), 8, "{}", told.said);
    let sample = told.of_host(0)[3];
    assert!(sample["gpu"]["gpu_uuid"].as_str().unwrap().starts_with("GPU-11111111-2222"), "{}", sample["gpu"]);
    assert!(!sample["metrics"]["health"]["gpu_temp_c"].is_null());
    let lines = told.said.lines().filter(|line| line.contains("without a driver")).count();
    assert_eq!(lines, 1, "once: {}", told.said);
}

#[test]
fn instances_of_mig_are_listed_with_their_gpu() {
    let mut world = World::new(1);
    world.engine(0)["mig"] = json!([
        {"gpu": 1, "id": 0, "instance": 1, "profile": 9, "slices": 3},
        {"gpu": 1, "id": 1, "instance": 2, "profile": 9, "slices": 4},
    ]);
    world.write();
    let told = world.once();
    let listed = |gpu| told.of_gpu(0, gpu)[0]["gpu"]["mig"].as_array().map_or(0, Vec::len);
    assert_eq!((listed(0), listed(1)), (0, 2), "{}", told.of_gpu(0, 1)[0]["gpu"]);
    assert_eq!(told.samples.len(), 8, "the parent is the entity");
}

#[test]
fn values_too_old_by_their_own_time_are_not_passed_on_as_new() {
    let mut world = World::new(1);
    world.gpu(0, 2)["frozen"] = json!(crate::dcgm_support::now_us() - 600_000_000);
    world.write();
    let told = world.once();
    let old = told.of_gpu(0, 2);
    assert!(old.iter().all(|sample| sample["metrics"]["health"]["gpu_temp_c"].is_null()), "{old:?}");
    assert!(!told.of_gpu(0, 1)[0]["metrics"]["health"]["gpu_temp_c"].is_null());
    assert!(told.report(0)["source_state"].as_str().unwrap().contains("GPU 2"), "{}", told.report(0));
}

#[test]
fn an_engine_whose_clock_is_wrong_gives_fresh_values_all_the_same() {
    let mut world = World::new(1);
    world.set(0, "skew_us", json!(-7_200_000_000_i64));
    let told = world.once();
    assert_eq!(told.samples.len(), 8, "{}", told.said);
    assert!(!told.samples[0]["metrics"]["health"]["gpu_temp_c"].is_null(), "{}", told.samples[0]);
}

#[test]
fn an_engine_in_this_process_and_one_behind_a_socket_are_read() {
    let mut world = World::new(0);
    let socket = world.home.path("engine.sock");
    let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let fields = json!({"150": 41});
    world.script["engines"]["embedded"] = json!({"fields": fields});
    world.script["engines"][socket.to_str().unwrap()] = json!({"fields": fields, "gpus": 2});
    world.write();
    for (source, gpus) in [("dcgm:embedded".to_owned(), 8), (format!("dcgm://{}", socket.display()), 2)] {
        let args = ["collect", "--source", &source, "--once", "-o", "jsonl"];
        let ran = ended(world.with(world.home.command(&args)));
        let told = crate::dcgm_support::Told::of(&ran.out, &ran.err);
        assert_eq!((ran.code, told.samples.len()), (0, gpus), "{source}: {}", ran.err);
        assert_eq!(told.samples[0]["metrics"]["health"]["gpu_temp_c"], 41);
    }
    drop(listener);
}

#[test]
fn the_table_tells_what_is_wrong_with_a_node() {
    let mut world = World::new(1);
    let look = |world: &World, code: i32, says: &str| {
        let ran = world.collect(&["--once", "-o", "table"]);
        assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
        assert!(ran.out.lines().any(|line| line.starts_with("node-0: ") && line.contains(says)), "{says}: {}", ran.out);
        assert_eq!(ran.err.contains("no GPU could be read"), code == 3, "{}", ran.err);
        ran.out
    };
    world.gpu(0, 3)["state"] = json!(4);
    world.gpu(0, 3)["blank"] = json!("null");
    world.write();
    assert!(look(&world, 0, "GPU 3 lost").contains("power_usage_w"));
    world.engine(0)["per_gpu"] = json!({});
    world.set(0, "latched", json!(true));
    look(&world, 3, "latched");
    world.set(0, "latched", json!(false));
    world.set(0, "gpus", json!(0));
    look(&world, 3, "0 GPUs");
    // One that is well has its table and nothing else.
    world.set(0, "gpus", json!(8));
    let ran = world.collect(&["--once", "-o", "table"]);
    assert!(ran.code == 0 && !ran.out.contains("node-0: "), "{}", ran.out);
}

#[test]
fn a_slow_node_is_waited_for() {
    let mut world = World::new(1);
    world.set(0, "faults", json!([{"call": "dcgmConnect_v2", "delay_ms": 7000}]));
    assert_eq!(world.once().samples.len(), 8);
}
