-- compatible-from: 0.1.0
-- undo: DROP TABLE gpu_places; DROP TABLE gpu_health_scores; DROP TABLE fleet_health; DROP TABLE gpu_failure_predictions; DROP TABLE gpu_failures; DROP TABLE silences; DROP INDEX gpu_alerts_gpu; DROP INDEX gpu_metrics_1m_throttled; DROP INDEX gpu_metrics_1m_errors; DROP INDEX gpu_metrics_1m_links; DROP INDEX gpu_metrics_1h_corrected; DROP INDEX gpu_metrics_1h_load; ALTER TABLE gpu_alerts DROP COLUMN suppressed_by; then delete this version's row.
--
-- What passes write and people record, and where GPUs are. An older gpuhm neither reads nor writes any of it.

-- Where a GPU is and what it is, from the event on that first said so. Rows of gone GPUs stay: a failure model needs them.
CREATE TABLE gpu_places (
    gpu_uuid TEXT NOT NULL,
    since INTEGER NOT NULL,
    hostname TEXT NOT NULL,
    device_index INTEGER,
    cluster TEXT,
    rack TEXT,
    datacenter TEXT,
    model TEXT,
    serial TEXT,
    driver_version TEXT,
    written_at INTEGER NOT NULL,
    PRIMARY KEY (gpu_uuid, since)
) WITHOUT ROWID;

-- The health of a GPU as a pass judged it: a row when it says something new, else every 15 min. The ledger's points add up
-- to 100 - score.
CREATE TABLE gpu_health_scores (
    gpu_uuid TEXT NOT NULL,
    time INTEGER NOT NULL,
    hostname TEXT NOT NULL,
    device_index INTEGER,
    score INTEGER NOT NULL,
    grade TEXT NOT NULL,
    state TEXT NOT NULL,
    confidence DOUBLE NOT NULL,
    action TEXT NOT NULL,
    ledger TEXT NOT NULL,
    notes TEXT NOT NULL,
    better_since INTEGER,
    as_of INTEGER NOT NULL,
    replaced_by TEXT,
    written_at INTEGER NOT NULL,
    PRIMARY KEY (gpu_uuid, time)
) WITHOUT ROWID;

-- What is too old.
CREATE INDEX gpu_health_scores_time ON gpu_health_scores (time);

-- The fleet in numbers at each pass: GPUs by state, their scores, open alerts by severity.
CREATE TABLE fleet_health (
    time INTEGER NOT NULL,
    gpus_ok INTEGER NOT NULL,
    gpus_degraded INTEGER NOT NULL,
    gpus_critical INTEGER NOT NULL,
    gpus_unknown INTEGER NOT NULL,
    mean_score DOUBLE,
    worst_score INTEGER,
    open_info INTEGER NOT NULL,
    open_warning INTEGER NOT NULL,
    open_critical INTEGER NOT NULL,
    written_at INTEGER NOT NULL,
    PRIMARY KEY (time)
) WITHOUT ROWID;

-- The odds that a GPU fails within 7, 30 and 90 days, each with its 80 % interval and the fleet's own.
CREATE TABLE gpu_failure_predictions (
    gpu_uuid TEXT NOT NULL,
    time INTEGER NOT NULL,
    hostname TEXT NOT NULL,
    device_index INTEGER,
    p7 DOUBLE NOT NULL, p7_low DOUBLE NOT NULL, p7_high DOUBLE NOT NULL, p7_base DOUBLE NOT NULL,
    p30 DOUBLE NOT NULL, p30_low DOUBLE NOT NULL, p30_high DOUBLE NOT NULL, p30_base DOUBLE NOT NULL,
    p90 DOUBLE NOT NULL, p90_low DOUBLE NOT NULL, p90_high DOUBLE NOT NULL, p90_base DOUBLE NOT NULL,
    hazard DOUBLE NOT NULL,
    base_hazard DOUBLE NOT NULL,
    reasons TEXT NOT NULL,
    advice TEXT NOT NULL,
    status TEXT NOT NULL,
    model TEXT NOT NULL,
    labels INTEGER NOT NULL,
    exposure_years DOUBLE NOT NULL,
    as_of INTEGER NOT NULL,
    written_at INTEGER NOT NULL,
    PRIMARY KEY (gpu_uuid, time)
) WITHOUT ROWID;

-- What is too old.
CREATE INDEX gpu_failure_predictions_time ON gpu_failure_predictions (time);

-- Failures, replacements and removals that the fleet's own people recorded.
CREATE TABLE gpu_failures (
    gpu_uuid TEXT NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    who TEXT NOT NULL,
    note TEXT,
    PRIMARY KEY (gpu_uuid, at, kind)
) WITHOUT ROWID;

-- Alerts that match do not count as open from `from_at` until `until_at`, or until a person ended it. `matchers` is a JSON
-- array of texts, `field op value`.
CREATE TABLE silences (
    id TEXT NOT NULL,
    matchers TEXT NOT NULL,
    from_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    who TEXT NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (id)
) WITHOUT ROWID;

-- Those that hold or held lately.
CREATE INDEX silences_until ON silences (until_at);

-- `silence:ID`, or the `alert_id` of the incident an alert belongs to.
ALTER TABLE gpu_alerts ADD COLUMN suppressed_by TEXT;

-- The newest of one GPU.
CREATE INDEX gpu_alerts_gpu ON gpu_alerts (gpu_uuid, since, alert_id);

-- Minutes and hours in which something went wrong, without the healthy ones between them, and what did: such rows lie far
-- apart in their tables. A query must repeat the condition word for word.
CREATE INDEX gpu_metrics_1m_throttled ON gpu_metrics_1m (
    start, throttle_hw_slowdown_s, throttle_hw_thermal_s, throttle_hw_power_brake_s, throttle_sw_thermal_s
) WHERE throttle_hw_slowdown_s > 0 OR throttle_hw_thermal_s > 0 OR throttle_hw_power_brake_s > 0
    OR throttle_sw_thermal_s > 0;
CREATE INDEX gpu_metrics_1m_errors ON gpu_metrics_1m (
    start, ecc_dbe_volatile_delta, ecc_dbe_aggregate_delta, remapped_rows_uncorrectable_delta
) WHERE ecc_dbe_volatile_delta > 0 OR ecc_dbe_aggregate_delta > 0 OR remapped_rows_uncorrectable_delta > 0;
-- Apart from these: a link that replays all the time fills it, and only a day of it is ever read.
CREATE INDEX gpu_metrics_1m_links ON gpu_metrics_1m (
    start, nvlink_crc_errors_delta, nvlink_replay_errors_delta, nvlink_recovery_errors_delta, pcie_replays_delta
) WHERE nvlink_crc_errors_delta > 0 OR nvlink_replay_errors_delta > 0 OR nvlink_recovery_errors_delta > 0
    OR pcie_replays_delta > 0;
CREATE INDEX gpu_metrics_1h_corrected ON gpu_metrics_1h (start, ecc_sbe_volatile_delta, ecc_sbe_aggregate_delta)
    WHERE ecc_sbe_volatile_delta > 0 OR ecc_sbe_aggregate_delta > 0;

-- How hard each GPU worked in the last day, a seventh of what those rows hold: every pass reads it for the whole fleet.
CREATE INDEX gpu_metrics_1h_load ON gpu_metrics_1h (
    gpu_uuid, start, final, power_usage_p50, power_usage_p95, power_usage_p99, power_limit_w_last, sm_active_mean,
    sm_clock_mhz_mean, gpu_util_pct_mean
);
