//! Tests of who a GPU is.

use super::*;
use crate::source::dcgm::layout::MigEntry;
use crate::source::dcgm::value::Payload;

fn datum(field: u16, payload: Payload) -> Datum {
    Datum { entity: Entity { group: ENTITY_GPU, id: 3 }, field, status: 0, ts_us: 1, payload }
}

#[test]
fn fields_tell_what_attributes_do_not() {
    let mut device = Device::new(3, None, Some(ARCHITECTURE_UNKNOWN));
    device.learn(&datum(FIELD_UUID, Payload::Text(NO_UUID.into())));
    device.learn(&datum(FIELD_UUID, Payload::Text("GPU-8a56f7b2-6c1d-4e5f-9a8b-0c1d2e3f4a5b".into())));
    device.learn(&datum(FIELD_BUS, Payload::Text("00000000:3B:00.0".into())));
    device.learn(&datum(FIELD_COMPUTE_CAPABILITY, Payload::Int(9 << 16)));
    device.learn(&datum(FIELD_INDEX, Payload::Int(5)));
    device.learn(&datum(FIELD_NAME, Payload::Text("<<<NULL>>>".into())));
    device.settle("n1");
    let gpu = &device.identity;
    assert_eq!(gpu.gpu_uuid.as_deref(), Some("GPU-8a56f7b2-6c1d-4e5f-9a8b-0c1d2e3f4a5b"));
    assert_eq!(gpu.gpu_id.as_deref(), Some("GPU-8a56f7b26c1d"));
    assert_eq!(gpu.pci_bus_id.as_deref(), Some("0000:3B:00.0"));
    assert_eq!(gpu.compute_capability.as_deref(), Some("9.0"));
    assert_eq!(gpu.architecture.as_deref(), Some("Hopper"));
    assert_eq!((gpu.device_index, gpu.name.as_deref()), (Some(5), None));
}

#[test]
fn a_gpu_without_a_uuid_gets_the_same_one_every_time() {
    let uuid = |host: &str, id| {
        let mut device = Device::new(id, None, None);
        device.settle(host);
        device.uuid().to_owned()
    };
    assert_eq!(uuid("a", 0), uuid("a", 0));
    assert_ne!(uuid("a", 0), uuid("a", 1));
    assert_ne!(uuid("a", 0), uuid("b", 0));
}

#[test]
#[expect(clippy::large_stack_arrays, reason = "DCGM's own struct, once")]
fn instances_are_filed_under_their_gpu() {
    let blank = MigEntry {
        entity: Entity { group: 0, id: 0 },
        parent: Entity { group: 0, id: 0 },
        gpu_uuid: [0; 128],
        gpu_index: 0,
        instance: 0,
        compute: 0,
        profile: 0,
        slices: 0,
    };
    let mut tree = Box::new(MigTree { version: 0, count: 3, entries: [blank; 448] });
    let gi = Entity { group: ENTITY_GPU_I, id: 7 };
    tree.entries[0] =
        MigEntry { entity: gi, parent: Entity { group: ENTITY_GPU, id: 2 }, instance: 1, slices: 3, ..blank };
    tree.entries[1] =
        MigEntry { entity: Entity { group: ENTITY_GPU_CI, id: 9 }, parent: gi, instance: 1, compute: 4, ..blank };
    tree.entries[2] =
        MigEntry { entity: Entity { group: ENTITY_GPU_I, id: 8 }, parent: Entity { group: 9, id: 1 }, ..blank };
    let found = instances(&tree);
    assert_eq!(found.iter().map(|one| (one.gpu, one.gi, one.ci)).collect::<Vec<_>>(), [(2, 1, None), (2, 1, Some(4))]);
}
