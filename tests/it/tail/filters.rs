//! Each filter through the binary, and mistakes in them.

use super::Topic;

fn alerts() -> Topic {
    let topic = Topic::new();
    topic.alert("xid", "critical", "n7");
    topic.alert("hbm_temp", "warning", "n7");
    topic.alert("xid", "info", "m8");
    topic.alert("row_remap_pending", "warning", "m9");
    topic
}

/// The alerts that this shows, as `rule host`.
fn shown(topic: &Topic, args: &[&str]) -> Vec<String> {
    let ran = topic.tail(&[&["--no-follow", "-o", "jsonl", "--allow-empty"][..], args].concat());
    assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
    let word = |line: &str| {
        let alert: serde_json::Value = serde_json::from_str(line).unwrap();
        format!("{} {}", alert["rule"].as_str().unwrap(), alert["host"]["hostname"].as_str().unwrap())
    };
    let mut words: Vec<String> = ran.out.lines().map(word).collect();
    words.sort_unstable();
    words
}

#[test]
fn every_flag() {
    let topic = alerts();
    let (dbe, heat, info, remap) = ("xid n7", "hbm_temp n7", "xid m8", "row_remap_pending m9");
    let cases: [(&[&str], &[&str]); 17] = [
        (&["--severity", "warn"], &[heat, remap, dbe]),
        (&["--severity", "=warning"], &[heat, remap]),
        (&["--severity", "critical", "--severity", "=info"], &[info, dbe]),
        (&["--gpu", "GPU-n7-5fd4f087"], &[heat, dbe]),
        (&["--gpu", "n7-5fd4f"], &[heat, dbe]),
        (&["--gpu", "m8/3", "--gpu", "m9/3"], &[remap, info]),
        (&["--gpu", "m8/2"], &[]),
        (&["--host", "m*", "--host", "!m9"], &[info]),
        (&["--rack", "rack-of-n7", "--rule", "xid"], &[dbe]),
        (&["--cluster", "c1", "--rule", "!xid"], &[heat, remap]),
        (&["--cluster", "c2"], &[]),
        (&["-g", "n[0-9] GPU 3: xid"], &[dbe]),
        (&["severity>=critical"], &[dbe]),
        (&["severity<critical", "host!=n7"], &[remap, info]),
        (&["rule=~xid|hbm.*", "host=n7"], &[heat, dbe]),
        (&["--where", "not (rule=xid or rack=rack-of-m9)"], &[heat]),
        (&["--where", ".evidence.xid=79 and severity in (info, critical)"], &[info, dbe]),
    ];
    for (args, expected) in cases {
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(shown(&topic, args), expected, "{args:?}");
    }
    assert_eq!(topic.tail(&["--no-follow", "--host", "x1"]).code, 1);
}

#[test]
fn a_filter_counts_towards_max_and_the_code_only_what_it_lets_through() {
    let topic = alerts();
    assert_eq!(shown(&topic, &["-n", "all", "--severity", "=warn", "--max", "2"]).len(), 2);
    assert_eq!(shown(&topic, &["-n", "1", "--rule", "xid"]), ["xid n7"]);
}

#[test]
fn mistakes_are_shown_where_they_are() {
    let topic = alerts();
    let ran = topic.home.fails(&["tail", "--where", "rule=xid and hots=n7"], 2, &["no field hots: did you mean host?"]);
    let lines: Vec<&str> = ran.err.lines().collect();
    let at = lines.iter().position(|line| *line == "  rule=xid and hots=n7").unwrap();
    assert_eq!(lines[at + 1].find('^'), lines[at].find("hots"), "{}", ran.err);
    for (args, says) in [
        (&["--severity", "loud"][..], "no severity"),
        (&["-t", "gpu-metrics-raw", "--severity", "warn"], "have no severity"),
        (&["-t", "gpu-metrics-raw", "gpu_temp>80"], "did you mean"),
        (&["--gpu", "GPU-1"], "eight characters"),
        (&["-g", "("], "regular expression"),
        (&["severty=info"], "did you mean severity?"),
        (&["--where", "(rule=xid"], "not closed"),
    ] {
        let ran = topic.home.fails(&[&["tail"], args].concat(), 2, &[says]);
        assert_eq!(ran.out, "");
    }
    // A mistake is told before anything is made.
    let new = crate::process::Home::new();
    new.fails(&["tail", "rul=xid"], 2, &["did you mean rule?"]);
    assert!(!new.path("home").exists());
}
