//! `gpuhm doctor` on sockets, the driver's library, exporters' pages and what `auto` would choose: well, and each fault with its
//! remedy; and that a password in a URL is shown nowhere.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::time::Duration;

use serde_json::json;

use crate::broker::ignored;
use crate::dcgm_support::{World, ended};
use crate::doctor_dcgm::Found;
use crate::exporter::server::{Server, raw, whole};
use crate::nvml::Machine;
use crate::process::{Home, text};

const PAGE: &str = "DCGM_FI_DEV_GPU_TEMP{gpu=\"0\",UUID=\"GPU-a\",Hostname=\"n1\"} 41\n\
    DCGM_FI_DEV_GPU_TEMP{gpu=\"1\",UUID=\"GPU-b\",Hostname=\"n1\"} 52\n\
    DCGM_FI_DEV_XID_ERRORS{gpu=\"0\",UUID=\"GPU-a\",Hostname=\"n1\"} 0\n";

fn look(home: &Home, code: i32, only: &str, more: &[&str]) -> Found {
    Found::of(&home.run(&[&["doctor", "-o", "json", "--only", only], more].concat()), code)
}

/// Looks at a socket, whose engine is in the script.
fn socket(world: &World, path: &str, code: i32) -> Found {
    let source = format!("dcgm://{path}");
    let args = ["doctor", "-o", "json", "--only", "dcgm.socket,dcgm.hostengine,dcgm.profiling", "--source", &source];
    Found::of(&ended(world.with(world.home.command(&args))), code)
}

#[test]
fn a_socket_is_told_by_what_is_wrong_with_it_and_its_engine_is_not_asked_then() {
    let mut world = World::new(1);
    let path = world.home.path("socket");
    let name = text(&path);
    let engine = world.engine(0).clone();
    world.script["engines"] = json!({ name.clone(): engine });
    world.write();
    let wrong = |says: &str, remedy: &str| {
        let found = socket(&world, &name, 1);
        found.is("dcgm.socket", "fault", &[&name, says], remedy);
        found.is("dcgm.hostengine", "skipped", &["needs dcgm.socket"], "");
        found.is("dcgm.profiling", "skipped", &["needs dcgm.hostengine"], "");
    };
    wrong("there is no such socket", &format!("nv-hostengine -d {name}"));
    std::fs::write(&path, "").unwrap();
    wrong("is a file, and no socket", "ss -xlp | grep nv-hostengine");
    std::fs::remove_file(&path).unwrap();
    drop(UnixListener::bind(&path).unwrap());
    wrong("nothing listens on it", "systemctl restart nvidia-dcgm");
    std::fs::remove_file(&path).unwrap();
    let _listens = UnixListener::bind(&path).unwrap();
    // Whoever runs this: a socket that only root may use is another matter.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777)).unwrap();
    let found = socket(&world, &name, 0);
    found.is("dcgm.socket", "ok", &["can be connected to", "mode 0777"], "");
    found.is("dcgm.hostengine", "ok", &["answers on its socket, host engine 4.6.0, 8 GPUs"], "");
    found.is("dcgm.profiling", "ok", &["8 GPUs"], "");
}

#[test]
fn a_socket_that_this_user_may_not_use_is_told_with_three_ways_out() {
    let home = Home::new();
    let path = home.path("socket");
    let _listens = UnixListener::bind(&path).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o500)).unwrap();
    std::fs::set_permissions(home.path(""), std::fs::Permissions::from_mode(0o755)).unwrap();
    let source = format!("dcgm://{}", path.display());
    let args = ["doctor", "-o", "json", "--only", "dcgm.socket", "--source", &source];
    let mut command = home.command(&args);
    if rustix::process::geteuid().is_root() {
        // Root may connect to anything, so somebody else asks, who must be able to reach the binary.
        command.uid(65534).gid(65534);
        if home.command(&["--version"]).uid(65534).gid(65534).output().is_err() {
            ignored("doctor_gpus::a_socket_that_this_user_may_not_use", "a build folder that others may enter");
            return;
        }
    }
    let found = Found::of(&ended(command), 1);
    found.is("dcgm.socket", "fault", &["this user may not connect", "mode 0500"], "power limits");
    let remedy = found.check("dcgm.socket")["remedy"].as_str().unwrap().to_owned();
    let path = path.display();
    assert!(remedy.contains(&format!("chgrp gpuhm {path} && chmod 0770 {path}")), "{remedy}");
    assert!(remedy.contains("dcgm://localhost:5555") && !remedy.contains("0777"), "{remedy}");
}

#[test]
fn the_driver_is_told_with_its_version_and_what_its_gpus_do_not_give() {
    let (machine, home) = (Machine::new(), Home::new());
    let library = machine.library();
    let args = ["--source", "nvml", "--libnvml", &library];
    let found = look(&home, 0, "nvml.driver", &[&args[..], &["--strict"]].concat());
    found.is("nvml.driver", "ok", &[&library, "driver 580.95.05, 2 GPUs"], "");
    let told = found.details("nvml.driver");
    assert!(told.contains("not supported by this GPU (1 of 2 GPUs): ") && told.contains("fan_speed_pct"), "{told}");
    let few = look(&home, 1, "nvml.driver", &["--source", "nvml#gpus=8", "--libnvml", &library]);
    few.is("nvml.driver", "fault", &["2 GPUs of 8"], "dmesg");
    machine.script("lost 1\n");
    look(&home, 0, "nvml.driver", &args).is("nvml.driver", "warning", &["GPU 1: the GPU is lost"], "dmesg");
    machine.script("gone\n");
    look(&home, 1, "nvml.driver", &args).is("nvml.driver", "fault", &["driver is not loaded"], "modprobe nvidia");
    let missing = ["--source", "nvml", "--libnvml", "/nowhere/lib.so"];
    let found = look(&home, 1, "nvml.driver", &missing);
    found.is("nvml.driver", "fault", &["/nowhere/lib.so not found: no NVIDIA driver"], "install the driver");
}

#[test]
fn pages_are_told_with_their_gpus_and_samples_and_what_they_lack() {
    let (home, server) = (Home::new(), Server::start(whole(PAGE)));
    let source = format!("exporter:http://{}/metrics", server.address);
    let args = ["--source", source.as_str(), "--timeout", "1s"];
    let found = look(&home, 0, "exporter.pages", &[&args[..], &["--strict"]].concat());
    found.is("exporter.pages", "ok", &[&source, "2 GPUs, 3 samples"], "");
    assert!(found.details("exporter.pages").starts_with("not on it: "), "{}", found.details("exporter.pages"));
    assert!(!found.details("exporter.pages").contains("gpu_temp_c"));
    let few = look(&home, 1, "exporter.pages", &["--source", &format!("{source}#gpus=8")]);
    few.is("exporter.pages", "fault", &["8 GPUs should be on it"], "nvidia-smi -L");
    let two_lines = PAGE.lines().take(2).collect::<Vec<_>>().join("\n") + "\n";
    server.then(whole(&two_lines));
    let found = look(&home, 0, "exporter.pages", &args);
    found.is("exporter.pages", "warning", &["no XIDs"], "DCGM_FI_DEV_XID_ERRORS");
    for (answer, says, remedy) in [
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "HTTP 404", "/metrics"),
        ("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", "HTTP 401", "USER:PASSWORD"),
        ("HTTP/1.1 200 OK\r\n\r\n<html>\n<body>\n", "not a page of metrics", "http://HOST:9400/metrics"),
        ("HTTP/1.1 200 OK\r\n\r\nprocess_start_time_seconds 1\n", "no GPU on the page", "sees its GPUs"),
    ] {
        server.then(raw(answer));
        look(&home, 1, "exporter.pages", &args).is("exporter.pages", "fault", &[&source, says], remedy);
    }
    // One that does not come to its end, beside one that is well.
    server.then(Box::new(|stream| {
        std::io::Write::write_all(stream, b"HTTP/1.1 200 OK\r\n\r\nDCGM_FI_DEV_GPU_TEMP")?;
        std::thread::sleep(Duration::from_secs(3));
        Ok(())
    }));
    let well = Server::start(whole(PAGE));
    let targets = home.file("targets", format!("{}\n{}\n", well.address, server.address));
    let found = look(&home, 1, "exporter.pages", &["--targets", &targets, "--timeout", "1s"]);
    found.is("exporter.pages", "fault", &["1 of 2 pages: ", &source, "took too long"], "exporter is slow");
    assert!(found.details("exporter.pages").contains(&format!("{}/metrics: 2 GPUs, 3 samples", well.address)));
    let address = well.address;
    drop(well);
    let refused = look(&home, 1, "exporter.pages", &["--source", &format!("exporter:http://{address}/metrics")]);
    refused.is("exporter.pages", "fault", &["connection refused"], "see whether the exporter runs");
}

#[test]
fn auto_says_what_it_reads_and_why_not_the_others() {
    let (machine, home) = (Machine::new(), Home::new());
    let checks = "dcgm.library,dcgm.hostengine,nvml.driver,source.auto";
    let found = look(&home, 0, checks, &["--libnvml", &machine.library()]);
    found.is("source.auto", "ok", &["reads NVML, 2 GPUs"], "");
    found.is("nvml.driver", "ok", &["2 GPUs"], "");
    assert!(
        found.details("source.auto").starts_with("no DCGM at dcgm://127.0.0.1:5555: "),
        "{found:?}",
        found = found.ids()
    );
    // Named, and nothing is there: two libraries that are not, told once each, and what follows.
    let none = ["--source", "auto", "--libnvml", "/nowhere/nvml.so", "--libdcgm", "/nowhere/dcgm.so"];
    let found = look(&home, 1, checks, &none);
    assert_eq!(found.ids(), ["dcgm.library", "dcgm.hostengine", "nvml.driver", "source.auto"]);
    found.is("dcgm.library", "fault", &["found no /nowhere/dcgm.so"], "datacenter-gpu-manager-4-core");
    found.is("dcgm.hostengine", "skipped", &["needs dcgm.library"], "");
    found.is("nvml.driver", "warning", &["/nowhere/nvml.so not found"], "install the driver");
    found.is("source.auto", "fault", &["nothing can be read: no DCGM at", "no NVML: "], "datacenter-gpu-manager");
    // What is no source is told as one, and the other checks go on.
    let wrong = look(&home, 1, "source.url,clock", &["--source", "nwml"]);
    wrong.is("source.url", "fault", &["--source nwml: not a source"], "use --source auto");
    assert_eq!(wrong.ids(), ["clock", "source.url"]);
    // A simulated fleet asks for none of it.
    assert_eq!(look(&home, 0, checks, &["--source", "sim"]).ids(), [] as [&str; 0]);
}

#[test]
fn a_password_in_an_exporters_url_is_sent_and_shown_nowhere() {
    let (home, server) = (Home::new(), Server::start(whole(PAGE)));
    let source = format!("exporter:http://reader:s3cret@{}/metrics", server.address);
    let shown = format!("exporter:http://reader:***@{}/metrics", server.address);
    let wrong = format!("exporter:https://reader:s3cret@{}/metrics", server.address);
    let targets =
        home.file("targets", format!("http://reader:s3cret@{}/metrics\nhttps://u:s3cret@b/m\n", server.address));
    let told = |args: &[&str]| {
        let ran = home.run(args);
        let said = format!("{}{}", ran.out, ran.err);
        assert!(!said.contains("s3cret"), "{args:?}: {said}");
        said
    };
    let collect = |source: &str| told(&["collect", "--source", source, "--once", "-o", "jsonl", "--log", "debug"]);
    assert!(collect(&source).contains("\"GPU-a\""));
    assert!(server.request().contains("Basic cmVhZGVyOnMzY3JldA=="), "{}", server.request());
    assert!(told(&["collect", "--source", &source, "--once", "-o", "table"]).contains("41"));
    assert!(told(&["doctor", "--only", "exporter.pages", "--source", &source]).contains(&shown));
    told(&["doctor", "--only", "exporter.pages", "--source", &source, "-o", "json"]);
    assert!(told(&["doctor", "--config", "--source", &source]).contains("reader:***@"));
    // Twice, not understood, as a line of a file, and out of reach.
    assert!(told(&["collect", "--source", &source, "--source", &source]).contains("is named twice"));
    assert!(collect(&wrong).contains("reader:***@"));
    assert!(told(&["collect", "--targets", &targets]).contains("line 2: exporter:https://u:***@b/m"));
    drop(server);
    assert!(collect(&source).contains(&shown));
    assert!(told(&["doctor", "--only", "exporter.pages", "--source", &source]).contains(&shown));
}
