-- compatible-from: 0.1.0
-- undo: delete the store's file; everything in it can be rebuilt only from what the bus still holds.
--
-- The tables of the embedded store. Instants are INTEGER milliseconds UTC. REAL columns hold numbers rounded to f32,
-- DOUBLE columns all their bits. Most tables are WITHOUT ROWID: each row stands once, in its key's own tree, and an
-- insert touches one tree fewer; rows are a few hundred bytes, far from where that layout would spill over pages.

-- One row a sample. Ordered by time, so that new rows go to the end and old ones leave from the front.
CREATE TABLE gpu_metrics (
    time INTEGER NOT NULL,
    gpu_uuid TEXT NOT NULL,
    hostname TEXT NOT NULL,
    device_index INTEGER,
    model TEXT,
    gpu_temp REAL,
    memory_temp REAL,
    power_usage REAL,
    throttle_reasons INTEGER,
    power_instant_w REAL,
    power_limit_w REAL,
    power_limit_default_w REAL,
    power_limit_max_w REAL,
    slowdown_temp_c REAL,
    shutdown_temp_c REAL,
    max_operating_temp_c REAL,
    memory_max_operating_temp_c REAL,
    temp_margin_c REAL,
    fan_speed_pct INTEGER,
    pstate INTEGER,
    energy_mj INTEGER,
    power_violation_ns INTEGER,
    thermal_violation_ns INTEGER,
    recovery_action INTEGER,
    fb_used_mib INTEGER,
    fb_free_mib INTEGER,
    fb_total_mib INTEGER,
    fb_used_pct REAL,
    ecc_sbe_volatile INTEGER,
    ecc_dbe_volatile INTEGER,
    ecc_sbe_aggregate INTEGER,
    ecc_dbe_aggregate INTEGER,
    retired_pages_sbe INTEGER,
    retired_pages_dbe INTEGER,
    retired_pages_pending INTEGER,
    remapped_rows_uncorrectable INTEGER,
    remapped_rows_correctable INTEGER,
    row_remap_failure INTEGER,
    row_remap_pending INTEGER,
    bank_remap_max INTEGER,
    bank_remap_high INTEGER,
    bank_remap_partial INTEGER,
    bank_remap_low INTEGER,
    bank_remap_none INTEGER,
    sram_threshold_exceeded INTEGER,
    sm_active REAL,
    sm_occupancy REAL,
    tensor_active REAL,
    dram_active REAL,
    pcie_tx_mbps REAL,
    pcie_rx_mbps REAL,
    gr_engine_active_pct REAL,
    gpu_util_pct REAL,
    mem_copy_util_pct REAL,
    sm_clock_mhz INTEGER,
    mem_clock_mhz INTEGER,
    sm_clock_max_mhz INTEGER,
    mem_clock_max_mhz INTEGER,
    pcie_replays INTEGER,
    pcie_link_gen INTEGER,
    pcie_link_width INTEGER,
    pcie_link_gen_max INTEGER,
    pcie_link_width_max INTEGER,
    nvlink_crc_errors INTEGER,
    nvlink_replay_errors INTEGER,
    nvlink_recovery_errors INTEGER,
    collection_latency_ms INTEGER,
    interval_ms INTEGER,
    written_at INTEGER NOT NULL,
    PRIMARY KEY (time, gpu_uuid)
) WITHOUT ROWID;

-- The newest row of a GPU, its rows of a span, and the list of GPUs, by skipping from one to the next.
CREATE INDEX gpu_metrics_gpu ON gpu_metrics (gpu_uuid, time);

-- What happened to a GPU: XIDs, resets, changes of state.
CREATE TABLE gpu_events (
    gpu_uuid TEXT NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    code INTEGER NOT NULL,
    hostname TEXT NOT NULL,
    detail TEXT NOT NULL,
    written_at INTEGER NOT NULL,
    PRIMARY KEY (gpu_uuid, at, kind, code)
) WITHOUT ROWID;

-- The newest of all GPUs, and what is too old.
CREATE INDEX gpu_events_at ON gpu_events (at);

-- One row an alert, as its newest event left it. `resolved_at` is `at` of one that ended. Texts and evidence make rows
-- long, so this table has rowids.
CREATE TABLE gpu_alerts (
    alert_id TEXT NOT NULL,
    schema_version TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    rule TEXT NOT NULL,
    status TEXT NOT NULL,
    severity TEXT NOT NULL,
    gpu_uuid TEXT,
    device_index INTEGER,
    name TEXT,
    pci_bus_id TEXT,
    hostname TEXT,
    cluster TEXT,
    rack TEXT,
    datacenter TEXT,
    value DOUBLE,
    threshold DOUBLE,
    unit TEXT,
    since INTEGER NOT NULL,
    at INTEGER NOT NULL,
    resolved_at INTEGER,
    summary TEXT NOT NULL,
    action TEXT NOT NULL,
    evidence TEXT NOT NULL,
    written_at INTEGER NOT NULL,
    PRIMARY KEY (alert_id)
);

-- The newest, whatever their status; those that fire; those that ended, by when.
CREATE INDEX gpu_alerts_since ON gpu_alerts (since, alert_id);
CREATE INDEX gpu_alerts_open ON gpu_alerts (since, alert_id) WHERE status = 'firing';
CREATE INDEX gpu_alerts_ended ON gpu_alerts (resolved_at) WHERE resolved_at IS NOT NULL;

-- The newest report of each host's collector.
CREATE TABLE collectors (
    hostname TEXT NOT NULL,
    time INTEGER NOT NULL,
    ticks INTEGER,
    missed INTEGER,
    spool_bytes INTEGER,
    dropped INTEGER,
    gpus_seen INTEGER,
    gpus_expected INTEGER,
    source TEXT,
    source_state TEXT,
    version TEXT,
    written_at INTEGER NOT NULL,
    PRIMARY KEY (hostname)
) WITHOUT ROWID;

-- What the operator's inventory says of a GPU, as text.
CREATE TABLE gpu_assets (
    gpu_uuid TEXT NOT NULL,
    hostname TEXT,
    cluster TEXT,
    rack TEXT,
    datacenter TEXT,
    device_index TEXT,
    model TEXT,
    serial TEXT,
    asset_id TEXT,
    sla_tier TEXT,
    priority TEXT,
    installed_at TEXT,
    note TEXT,
    PRIMARY KEY (gpu_uuid)
) WITHOUT ROWID;

-- The token of the newest writer of each partition; only its holder writes.
CREATE TABLE writers (
    stage TEXT NOT NULL,
    partition INTEGER NOT NULL,
    token INTEGER NOT NULL,
    PRIMARY KEY (stage, partition)
) WITHOUT ROWID;

-- Counters of the store itself: `assets` rises whenever an asset record changes.
CREATE TABLE gpuhm_meta (
    name TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (name)
) WITHOUT ROWID;

INSERT INTO gpuhm_meta (name, value) VALUES ('assets', 0);
