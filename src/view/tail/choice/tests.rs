//! What each flag, matcher and expression lets through, on an alert, a sample and a refusal by hand.

use super::*;
use crate::event::Time;
use crate::event::record::{ALERTS, INVALID, RAW, VALIDATED};

const ALERT: &str = r#"{"event_type":"gpu_alert","rule":"xid","status":"firing","severity":"warning",
 "gpu":{"gpu_uuid":"GPU-5fd4f087-1111","device_index":3,"name":"H100"},
 "host":{"hostname":"gpu-node-021","rack":"rack-11","cluster":"c1"},
 "summary":"gpu-node-021 GPU 3: XID 79: fallen off the bus","evidence":{"xid":79,"all":[1,"b"]}}"#;
const SAMPLE: &str = r#"{"event_type":"gpu_metric_sample","gpu":{"gpu_uuid":"GPU-a","device_index":0},
 "host":{"hostname":"n7","rack":"old"},"asset":{"rack":"r2"},"metrics":{"health":{"gpu_temp_c":81}}}"#;

fn record(value: &str) -> Record {
    Record { offset: 0, time: Time(0), key: Vec::new().into(), value: value.as_bytes().to_vec().into() }
}

fn flag(topic: &str, event: &str, field: &'static str, values: &[&str]) -> bool {
    let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
    let flags = [(field, values.as_slice())];
    let choice = Choice::read(topic, &Asked { flags: &flags, ..Asked::default() }).unwrap();
    choice.takes(&record(event)).unwrap()
}

fn filter(topic: &str, event: &str, text: &str) -> bool {
    let choice = Choice::read(topic, &Asked { filter: Some(text), ..Asked::default() }).unwrap();
    choice.takes(&record(event)).unwrap()
}

#[test]
fn flags() {
    let alert = |field, values: &[&str]| flag(ALERTS, ALERT, field, values);
    assert!(alert("severity", &["info"]) && alert("severity", &["warn"]) && alert("severity", &["=warning"]));
    assert!(!alert("severity", &["critical"]) && !alert("severity", &["=info"]) && !alert("severity", &["!warning"]));
    assert!(alert("severity", &["critical", "=warn"]) && alert("severity", &["!critical"]));
    assert!(alert("gpu", &["GPU-5fd4f087-1111"]) && alert("gpu", &["5fd4f087"]) && alert("gpu", &["GPU-5fd4f087"]));
    assert!(alert("gpu", &["gpu-node-021/3"]) && !alert("gpu", &["gpu-node-021/4"]) && alert("gpu", &["*1111"]));
    assert!(!alert("gpu", &["!gpu-node-021/3"]) && alert("gpu", &["!gpu-node-021/4"]));
    assert!(alert("host", &["n7", "gpu-node-0*"]) && !alert("host", &["gpu-node-0*", "!*21"]));
    assert!(alert("rule", &["xid"]) && alert("rack", &["rack-11"]) && alert("cluster", &["c1"]));
    assert!(!alert("rule", &["ecc_dbe"]) && !alert("rack", &["rack-1"]));
    // The asset record's word counts more than the collector's.
    assert!(flag(VALIDATED, SAMPLE, "rack", &["r2"]) && !flag(VALIDATED, SAMPLE, "rack", &["old"]));
}

#[test]
fn expressions_and_paths() {
    let alert = |text| filter(ALERTS, ALERT, text);
    assert!(alert("rule=xid and severity>=warning") && !alert("severity>=critical or rule!=xid"));
    assert!(alert(".evidence.xid=79") && alert(".evidence.xid>70") && !alert(".evidence.xid>79"));
    assert!(alert(".evidence.all.1=b") && !alert(".evidence.none.at.all=1") && alert(".evidence.none!=1"));
    assert!(alert("fallen rack-11") && !alert("node-022"));
    assert!(filter(RAW, SAMPLE, "gpu_temp_c>80 host=n7") && !filter(RAW, SAMPLE, "gpu_temp_c>81"));
    let refusal = format!(r#"{{"validation_errors":["a: b","c: d"],"original_event":{SAMPLE}}}"#);
    assert!(filter(INVALID, &refusal, "host=n7 error=c*") && !filter(INVALID, &refusal, "error!=c*"));
    let refusal = r#"{"validation_errors":["not JSON"],"original_base64":"eA=="}"#;
    assert!(filter(INVALID, refusal, "error='not JSON' host!=n7"));
}

#[test]
fn patterns_and_matchers() {
    let takes = |grep: &str, event: &str| {
        let choice = Choice::read(ALERTS, &Asked { grep: Some(grep), ..Asked::default() }).unwrap();
        choice.takes(&record(event))
    };
    assert_eq!(takes("XID (79|48)", ALERT), Some(true));
    assert_eq!(takes("hostname", ALERT), Some(false));
    assert_eq!(takes("gpu_temp_c\":8", SAMPLE), Some(true));
    assert_eq!(takes(".", "not json"), None);
    let both = ["rule=x*".to_owned(), "host=gpu-node-021".to_owned()];
    let choice = Choice::read(ALERTS, &Asked { matchers: &both, ..Asked::default() }).unwrap();
    assert_eq!(choice.takes(&record(ALERT)), Some(true));
    assert_eq!(choice.takes(&record(SAMPLE)), Some(false));
    assert!(Choice::read(ALERTS, &Asked::default()).unwrap().takes(&record("not json")).unwrap());
}

#[test]
fn mistakes_have_a_place() {
    let wrong = |asked: &Asked<'_>, topic| Choice::read(topic, asked).unwrap_err();
    let refused = wrong(&Asked { filter: Some("rule=xid and hots=n7"), ..Asked::default() }, ALERTS);
    assert_eq!(
        (refused.wrong.at, refused.to_string().as_str()),
        (13, "--where: there is no field hots: did you mean host?")
    );
    let refused = wrong(&Asked { matchers: &["severty>=critical".to_owned()], ..Asked::default() }, ALERTS);
    assert!(refused.to_string().contains("did you mean severity?"), "{refused}");
    let refused = wrong(&Asked { matchers: &["gpu-metrics-raw".to_owned()], ..Asked::default() }, ALERTS);
    assert!(refused.to_string().contains("no comparison"), "{refused}");
    for (field, value, why) in [
        ("severity", "loud", "no severity"),
        ("severity", "", "no severity"),
        ("gpu", "5fd4", "eight characters"),
        ("host", "!", "names nothing"),
    ] {
        let values = [value.to_owned()];
        let refused = wrong(&Asked { flags: &[(field, &values)], ..Asked::default() }, ALERTS);
        assert!(refused.to_string().contains(why), "{refused}");
    }
    let values = ["critical".to_owned()];
    let refused = wrong(&Asked { flags: &[("severity", &values)], ..Asked::default() }, RAW);
    assert!(refused.to_string().contains("events of gpu-metrics-raw have no severity"), "{refused}");
    assert!(wrong(&Asked { grep: Some("("), ..Asked::default() }, RAW).to_string().contains("regular expression"));
}
