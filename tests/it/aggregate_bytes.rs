//! The stage as the runner calls it, with records as they stand in the log.

use super::aggregate_support::{GPU, record, sample, with_xids};
use gpuhm::event::codec::encode;
use gpuhm::event::record::INVALID;
use gpuhm::event::{Event, Time};
use gpuhm::stage::aggregate::Aggregate;
use gpuhm::stage::{Inputs, Out, Stage as _, States, Step};

fn apply(bytes: Vec<u8>) -> Out {
    let (mut stage, mut states, inputs, mut out) =
        (Aggregate::default(), States::default(), Inputs::default(), Out::default());
    let step = Step { now: Time(0), topic: "gpu-metrics-validated", partition: 0, inputs: &inputs };
    let mut record = record(7, Time(0));
    record.value = bytes.into();
    stage.apply(&step, &record, &mut states, &mut out);
    out
}

#[test]
fn bytes_become_rows() {
    let mut event: Event<'_> = with_xids(sample(GPU, 60_000, &[("gpu_temp_c", 50.0)]), &[(79, 59_000)]);
    event.schema_version = Some("1.0".into());
    let mut bytes = Vec::new();
    encode(&event, &mut bytes);
    let out = apply(bytes);
    assert_eq!((out.counts.aggregated, out.counts.refused, out.counts.fired), (1, 0, 1), "{:?}", out.reasons);
    assert_eq!(out.rows.raw[0].time, Time(60_000));
}

#[test]
fn what_is_no_event_goes_to_the_invalid_topic() {
    for bytes in [&b"not json"[..], b"{}", b"[1]", b""] {
        let out = apply(bytes.to_vec());
        assert_eq!((out.counts.refused, out.events.len()), (1, 1));
        assert_eq!(out.events[0].topic, INVALID);
        assert!(out.rows.is_empty());
    }
}
