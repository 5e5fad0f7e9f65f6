//! Identities for GPUs whose recording names only host and index: UUIDv5, the same in every run.

use uuid::Uuid;

/// The UUID of GPU `index` of `host`: `GPU-` and UUIDv5 of `host/index` in the namespace of `gpuhm`.
#[must_use]
pub fn gpu_uuid(host: &str, index: &str) -> String {
    let namespace = Uuid::new_v5(&Uuid::NAMESPACE_DNS, b"gpus.gpuhm");
    format!("GPU-{}", Uuid::new_v5(&namespace, format!("{host}/{index}").as_bytes()))
}
