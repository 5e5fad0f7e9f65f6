-- compatible-from: 0.1.0
-- locks: gpu_metrics_1m and gpu_metrics_1h against writing, while their indexes are made
-- undo: DROP TABLE gpu_places, gpu_health_scores, fleet_health, gpu_failure_predictions, gpu_failures, silences; DELETE FROM gpuhm_series WHERE name IN ('gpu_health_scores', 'gpu_failure_predictions'); DROP INDEX gpu_metrics_1m_throttled, gpu_metrics_1m_errors, gpu_metrics_1m_links, gpu_metrics_1h_corrected, gpu_metrics_1h_load; then delete this version's row.
--
-- What passes write and people record, and where GPUs are. An older gpuhm neither reads nor writes any of it.

-- Where a GPU is and what it is, from the event on that first said so. Rows of gone GPUs stay: a failure model needs them.
CREATE TABLE gpu_places (
    gpu_uuid TEXT COLLATE "C" NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    hostname TEXT COLLATE "C" NOT NULL,
    device_index BIGINT,
    cluster TEXT,
    rack TEXT,
    datacenter TEXT,
    model TEXT,
    serial TEXT,
    driver_version TEXT,
    written_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (gpu_uuid, since)
);

-- The health of a GPU as a pass judged it: a row when it says something new, else every 15 min. The ledger's points add up
-- to 100 - score.
CREATE TABLE gpu_health_scores (
    gpu_uuid TEXT COLLATE "C" NOT NULL,
    time TIMESTAMPTZ NOT NULL,
    hostname TEXT COLLATE "C" NOT NULL,
    device_index BIGINT,
    score BIGINT NOT NULL,
    grade TEXT NOT NULL,
    state TEXT NOT NULL,
    confidence DOUBLE PRECISION NOT NULL,
    action TEXT NOT NULL,
    ledger JSONB NOT NULL,
    notes JSONB NOT NULL,
    better_since TIMESTAMPTZ,
    as_of TIMESTAMPTZ NOT NULL,
    replaced_by TEXT,
    written_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (gpu_uuid, time)
);
SELECT gpuhm_cut('gpu_health_scores', 'time', 30);
CREATE INDEX gpu_health_scores_written ON gpu_health_scores USING brin (written_at) WITH (autosummarize = on);

CREATE INDEX gpu_health_scores_time ON gpu_health_scores (time);

-- The fleet in numbers at each pass: GPUs by state, their scores, open alerts by severity.
CREATE TABLE fleet_health (
    time TIMESTAMPTZ NOT NULL,
    gpus_ok BIGINT NOT NULL,
    gpus_degraded BIGINT NOT NULL,
    gpus_critical BIGINT NOT NULL,
    gpus_unknown BIGINT NOT NULL,
    mean_score DOUBLE PRECISION,
    worst_score BIGINT,
    open_info BIGINT NOT NULL,
    open_warning BIGINT NOT NULL,
    open_critical BIGINT NOT NULL,
    written_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (time)
);

-- The odds that a GPU fails within 7, 30 and 90 days, each with its 80 % interval and the fleet's own.
CREATE TABLE gpu_failure_predictions (
    gpu_uuid TEXT COLLATE "C" NOT NULL,
    time TIMESTAMPTZ NOT NULL,
    hostname TEXT COLLATE "C" NOT NULL,
    device_index BIGINT,
    p7 DOUBLE PRECISION NOT NULL, p7_low DOUBLE PRECISION NOT NULL, p7_high DOUBLE PRECISION NOT NULL, p7_base DOUBLE PRECISION NOT NULL,
    p30 DOUBLE PRECISION NOT NULL, p30_low DOUBLE PRECISION NOT NULL, p30_high DOUBLE PRECISION NOT NULL, p30_base DOUBLE PRECISION NOT NULL,
    p90 DOUBLE PRECISION NOT NULL, p90_low DOUBLE PRECISION NOT NULL, p90_high DOUBLE PRECISION NOT NULL, p90_base DOUBLE PRECISION NOT NULL,
    hazard DOUBLE PRECISION NOT NULL,
    base_hazard DOUBLE PRECISION NOT NULL,
    reasons JSONB NOT NULL,
    advice TEXT NOT NULL,
    status TEXT NOT NULL,
    model TEXT NOT NULL,
    labels BIGINT NOT NULL,
    exposure_years DOUBLE PRECISION NOT NULL,
    as_of TIMESTAMPTZ NOT NULL,
    written_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (gpu_uuid, time)
);
SELECT gpuhm_cut('gpu_failure_predictions', 'time', 30);
CREATE INDEX gpu_failure_predictions_written ON gpu_failure_predictions USING brin (written_at) WITH (autosummarize = on);

CREATE INDEX gpu_failure_predictions_time ON gpu_failure_predictions (time);

-- Failures, replacements and removals that the fleet's own people recorded.
CREATE TABLE gpu_failures (
    gpu_uuid TEXT COLLATE "C" NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    who TEXT NOT NULL,
    note TEXT,
    PRIMARY KEY (gpu_uuid, at, kind)
);

-- Alerts that match do not count as open from `from_at` until `until_at`, or until a person ended it. `matchers` is a JSON
-- array of texts, `field op value`.
CREATE TABLE silences (
    id TEXT COLLATE "C" NOT NULL,
    matchers JSONB NOT NULL,
    from_at TIMESTAMPTZ NOT NULL,
    until_at TIMESTAMPTZ NOT NULL,
    reason TEXT NOT NULL,
    who TEXT NOT NULL,
    ended_at TIMESTAMPTZ,
    PRIMARY KEY (id)
);

-- Those that hold or held lately.
CREATE INDEX silences_until ON silences (until_at);

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
