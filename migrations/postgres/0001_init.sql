-- compatible-from: 0.1.0
-- locks: nothing that was there before
-- undo: drop every table and function that this file makes, functions last; then delete this version's row.
--
-- The tables of a store on a server, for PostgreSQL with and without TimescaleDB: what differs between them is judged by
-- what this database has, and done in the three functions below. Columns, their order and what they mean are those of
-- the embedded store. Texts that are looked up or ordered by have the collation "C": the order of bytes, on every server.
--
-- Everything is made in the first schema of the search path of whoever runs this file.

-- The tables that grow with time, and how many days of it a partition of each holds: a chunk, where TimescaleDB has it.
CREATE TABLE gpuhm_series (
    name TEXT COLLATE "C" NOT NULL,
    column_name TEXT COLLATE "C" NOT NULL,
    days INTEGER NOT NULL,
    PRIMARY KEY (name)
);

-- Cuts an empty table into partitions by time: into chunks, where this database has TimescaleDB.
CREATE FUNCTION gpuhm_cut(parent TEXT, by_column TEXT, days INTEGER) RETURNS VOID LANGUAGE plpgsql AS $f$
DECLARE
    timescale TEXT := (
        SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'timescaledb'
    );
    shape TEXT := parent || '_shape';
BEGIN
    INSERT INTO gpuhm_series (name, column_name, days) VALUES (parent, by_column, days);
    IF timescale IS NOT NULL THEN
        EXECUTE format(
            'SELECT %I.create_hypertable(%L::regclass, %L::name, chunk_time_interval => %L::interval, create_default_indexes => false)',
            timescale, format('%I.%I', current_schema(), parent), by_column, format('%s days', days)
        );
        RETURN;
    END IF;
    -- A table cannot become partitioned: another of its shape takes its place.
    EXECUTE format('ALTER TABLE %I RENAME CONSTRAINT %I TO %I', parent, parent || '_pkey', shape || '_pkey');
    EXECUTE format('ALTER TABLE %I RENAME TO %I', parent, shape);
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL) PARTITION BY RANGE (%I)', parent, shape, by_column);
    EXECUTE format('DROP TABLE %I', shape);
END
$f$;

-- The partitions of a table, oldest first: rows in [from_time, to_time).
CREATE FUNCTION gpuhm_parts(parent TEXT, OUT part REGCLASS, OUT from_time TIMESTAMPTZ, OUT to_time TIMESTAMPTZ)
RETURNS SETOF RECORD LANGUAGE plpgsql STABLE SET timezone = 'UTC' SET datestyle = 'ISO' AS $f$
DECLARE
    -- PostgreSQL tells bounds as text: FOR VALUES FROM ('2026-11-25 00:00:00+00') TO ('2026-11-26 00:00:00+00')
    bounds CONSTANT TEXT := 'FROM \(''([^'']*)''\) TO \(''([^'']*)''\)';
BEGIN
    IF (SELECT relkind FROM pg_class WHERE oid = to_regclass(quote_ident(parent))) = 'p' THEN
        RETURN QUERY
            SELECT p.part, p.bound[1]::timestamptz, p.bound[2]::timestamptz FROM (
                SELECT c.oid::regclass AS part, regexp_match(pg_get_expr(c.relpartbound, c.oid), bounds) AS bound
                FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = to_regclass(quote_ident(parent))
            ) p WHERE p.bound IS NOT NULL ORDER BY 2;
    ELSIF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
        RETURN QUERY EXECUTE
            'SELECT format(''%I.%I'', chunk_schema, chunk_name)::regclass, range_start, range_end
            FROM timescaledb_information.chunks WHERE hypertable_schema = current_schema() AND hypertable_name = $1
            ORDER BY range_start' USING parent;
    END IF;
END
$f$;

-- Makes the partition of a table for the instant `at` where it is missing; says whether it did. Counted in days since
-- 1970 UTC, as TimescaleDB counts, so that everyone means the same one. TimescaleDB makes chunks by itself.
--
-- Call it before the transaction has touched anything else: who makes a partition makes others wait with theirs until it
-- ends. Reading and writing go on meanwhile, since a partition that is made apart and then attached locks nobody out.
CREATE FUNCTION gpuhm_partition(parent TEXT, at TIMESTAMPTZ) RETURNS BOOLEAN
LANGUAGE plpgsql SECURITY DEFINER SET timezone = 'UTC' SET datestyle = 'ISO' AS $f$
DECLARE
    width INTEGER := (SELECT s.days FROM gpuhm_series s WHERE s.name = parent);
    first_day BIGINT;
    begins TIMESTAMPTZ;
    ends TIMESTAMPTZ;
    part TEXT;
BEGIN
    IF width IS NULL THEN
        RAISE EXCEPTION 'gpuhm_partition: % is no table that grows with time', quote_ident(parent)
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT isfinite(at) THEN
        RAISE EXCEPTION 'gpuhm_partition: no partition holds %', at USING ERRCODE = 'datetime_field_overflow';
    END IF;
    first_day := floor(extract(epoch FROM at) / 86400 / width)::bigint * width;
    -- Seconds, not days: a day of an interval may have 23 hours.
    begins := to_timestamp(0) + make_interval(secs => first_day * 86400);
    part := parent || '_' || to_char(begins, 'YYYYMMDD') || CASE WHEN begins < '0001-01-01' THEN 'bc' ELSE '' END;
    IF to_regclass(quote_ident(part)) IS NOT NULL
        OR (SELECT relkind FROM pg_class WHERE oid = to_regclass(quote_ident(parent))) <> 'p' THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('gpuhm_partition'), hashtext(current_schema()));
    ends := begins + make_interval(secs => width * 86400);
    BEGIN
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)', part, parent);
    EXCEPTION WHEN duplicate_table THEN
        -- Another session made it while this one waited. Looking for it again would not do: what a session knows of tables
        -- may be older than its wait.
        RETURN false;
    END;
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part, begins, ends);
    RETURN true;
END
$f$;

-- Makes the partitions that hold `at`, and those after them.
CREATE FUNCTION gpuhm_partitions_ahead(at TIMESTAMPTZ) RETURNS BIGINT LANGUAGE sql SECURITY DEFINER AS $f$
    SELECT count(*) FROM gpuhm_series s CROSS JOIN generate_series(0, 1) nth
    WHERE gpuhm_partition(s.name, at + make_interval(hours => nth * s.days * 24))
$f$;

-- Drops the partitions of a table that hold no instant from `before` on, oldest first; returns how many. One stays, with
-- those after it, while somebody uses it; one stays while it has a row that was written at `settled` or later. One by one,
-- each in a transaction of its own (`before` where it ends), keeps the number of locks small, and those who read waiting
-- for half a second at most.
CREATE FUNCTION gpuhm_drop_before(parent TEXT, before TIMESTAMPTZ, settled TIMESTAMPTZ DEFAULT 'infinity') RETURNS BIGINT
LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '500ms' AS $f$
DECLARE
    native BOOLEAN := (SELECT relkind = 'p' FROM pg_class WHERE oid = to_regclass(quote_ident(parent)));
    timescale TEXT := (
        SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'timescaledb'
    );
    old RECORD;
    fresh BOOLEAN := false;
    dropped BIGINT := 0;
BEGIN
    IF NOT EXISTS (SELECT FROM gpuhm_series s WHERE s.name = parent) THEN
        RAISE EXCEPTION 'gpuhm_drop_before: % is no table that grows with time', quote_ident(parent)
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR old IN SELECT * FROM gpuhm_parts(parent) p WHERE p.to_time <= before ORDER BY p.from_time LOOP
        IF settled < 'infinity' THEN
            EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE written_at >= $1)', old.part) INTO fresh USING settled;
        END IF;
        CONTINUE WHEN fresh;
        BEGIN
            IF native THEN
                EXECUTE format('DROP TABLE %s', old.part);
            ELSE
                EXECUTE format('SELECT %I.drop_chunks(%L::regclass, older_than => $1, newer_than => $2)',
                    timescale, quote_ident(parent)) USING old.to_time, old.from_time;
            END IF;
        EXCEPTION WHEN lock_not_available THEN
            RETURN dropped;
        END;
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$f$;

-- Services call these without owning a table: what they name must not be anything but this schema's, and nobody calls
-- them who was not let (docs/postgres.md, Roles).
DO $$
DECLARE
    signature TEXT;
BEGIN
    FOREACH signature IN ARRAY ARRAY[
        'gpuhm_parts(text)', 'gpuhm_partition(text, timestamptz)', 'gpuhm_partitions_ahead(timestamptz)',
        'gpuhm_drop_before(text, timestamptz, timestamptz)'
    ] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', signature, current_schema());
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
    END LOOP;
    REVOKE ALL ON FUNCTION gpuhm_cut(text, text, integer) FROM PUBLIC;
END
$$;

-- One row a sample.
CREATE TABLE gpu_metrics (
    time TIMESTAMPTZ NOT NULL,
    gpu_uuid TEXT COLLATE "C" NOT NULL,
    hostname TEXT COLLATE "C" NOT NULL,
    device_index BIGINT,
    model TEXT,
    gpu_temp REAL,
    memory_temp REAL,
    power_usage REAL,
    throttle_reasons BIGINT,
    power_instant_w REAL,
    power_limit_w REAL,
    power_limit_default_w REAL,
    power_limit_max_w REAL,
    slowdown_temp_c REAL,
    shutdown_temp_c REAL,
    max_operating_temp_c REAL,
    memory_max_operating_temp_c REAL,
    temp_margin_c REAL,
    fan_speed_pct BIGINT,
    pstate BIGINT,
    energy_mj BIGINT,
    power_violation_ns BIGINT,
    thermal_violation_ns BIGINT,
    recovery_action BIGINT,
    fb_used_mib BIGINT,
    fb_free_mib BIGINT,
    fb_total_mib BIGINT,
    fb_used_pct REAL,
    ecc_sbe_volatile BIGINT,
    ecc_dbe_volatile BIGINT,
    ecc_sbe_aggregate BIGINT,
    ecc_dbe_aggregate BIGINT,
    retired_pages_sbe BIGINT,
    retired_pages_dbe BIGINT,
    retired_pages_pending BIGINT,
    remapped_rows_uncorrectable BIGINT,
    remapped_rows_correctable BIGINT,
    row_remap_failure BIGINT,
    row_remap_pending BIGINT,
    bank_remap_max BIGINT,
    bank_remap_high BIGINT,
    bank_remap_partial BIGINT,
    bank_remap_low BIGINT,
    bank_remap_none BIGINT,
    sram_threshold_exceeded BIGINT,
    sm_active REAL,
    sm_occupancy REAL,
    tensor_active REAL,
    dram_active REAL,
    pcie_tx_mbps REAL,
    pcie_rx_mbps REAL,
    gr_engine_active_pct REAL,
    gpu_util_pct REAL,
    mem_copy_util_pct REAL,
    sm_clock_mhz BIGINT,
    mem_clock_mhz BIGINT,
    sm_clock_max_mhz BIGINT,
    mem_clock_max_mhz BIGINT,
    pcie_replays BIGINT,
    pcie_link_gen BIGINT,
    pcie_link_width BIGINT,
    pcie_link_gen_max BIGINT,
    pcie_link_width_max BIGINT,
    nvlink_crc_errors BIGINT,
    nvlink_replay_errors BIGINT,
    nvlink_recovery_errors BIGINT,
    collection_latency_ms BIGINT,
    interval_ms BIGINT,
    written_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (time, gpu_uuid)
);
SELECT gpuhm_cut('gpu_metrics', 'time', 1);

-- Whether a partition was written to of late. Small: of each 128 pages the first and the last instant.
CREATE INDEX gpu_metrics_written ON gpu_metrics USING brin (written_at) WITH (autosummarize = on);
-- A GPU's rows of a span.
CREATE INDEX gpu_metrics_gpu ON gpu_metrics (gpu_uuid, time);
-- Samples of GPUs that were slowed down by a fault: hardware slowdown, software or hardware thermal slowdown, power brake.
-- An idle GPU, a power cap or a set clock (the other bits) is no fault.
CREATE INDEX gpu_metrics_throttled ON gpu_metrics (time, gpu_uuid) WHERE throttle_reasons & 232 <> 0;

-- The span of each GPU's raw rows: the list of GPUs, and where its newest row is.
CREATE TABLE gpus (
    gpu_uuid TEXT COLLATE "C" NOT NULL,
    first_time TIMESTAMPTZ NOT NULL,
    last_time TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (gpu_uuid)
);

-- What happened to a GPU: XIDs, resets, changes of state.
CREATE TABLE gpu_events (
    gpu_uuid TEXT COLLATE "C" NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    code BIGINT NOT NULL,
    hostname TEXT COLLATE "C" NOT NULL,
    detail TEXT NOT NULL,
    written_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (gpu_uuid, at, kind, code)
);
SELECT gpuhm_cut('gpu_events', 'at', 30);
CREATE INDEX gpu_events_written ON gpu_events USING brin (written_at) WITH (autosummarize = on);

-- The newest of all GPUs.
CREATE INDEX gpu_events_at ON gpu_events (at);

-- One row an alert, as its newest event left it. `resolved_at` is `at` of one that ended; `suppressed_by` is
-- `silence:ID`, or the `alert_id` of the incident it belongs to.
CREATE TABLE gpu_alerts (
    alert_id TEXT COLLATE "C" NOT NULL,
    schema_version TEXT NOT NULL,
    fingerprint TEXT COLLATE "C" NOT NULL,
    rule TEXT NOT NULL,
    status TEXT NOT NULL,
    severity TEXT NOT NULL,
    gpu_uuid TEXT COLLATE "C",
    device_index BIGINT,
    name TEXT COLLATE "C",
    pci_bus_id TEXT,
    hostname TEXT COLLATE "C",
    cluster TEXT,
    rack TEXT,
    datacenter TEXT,
    value DOUBLE PRECISION,
    threshold DOUBLE PRECISION,
    unit TEXT,
    since TIMESTAMPTZ NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    resolved_at TIMESTAMPTZ,
    summary TEXT NOT NULL,
    action TEXT NOT NULL,
    evidence JSONB NOT NULL,
    suppressed_by TEXT,
    written_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (alert_id)
);

-- The newest, whatever their status; those that fire; those that ended, by when; the newest of one GPU.
CREATE INDEX gpu_alerts_since ON gpu_alerts (since, alert_id);
CREATE INDEX gpu_alerts_open ON gpu_alerts (since, alert_id) WHERE status = 'firing';
CREATE INDEX gpu_alerts_ended ON gpu_alerts (resolved_at) WHERE resolved_at IS NOT NULL;
CREATE INDEX gpu_alerts_gpu ON gpu_alerts (gpu_uuid, since, alert_id);

-- The newest report of each host's collector.
CREATE TABLE collectors (
    hostname TEXT COLLATE "C" NOT NULL,
    time TIMESTAMPTZ NOT NULL,
    ticks BIGINT,
    missed BIGINT,
    spool_bytes BIGINT,
    dropped BIGINT,
    gpus_seen BIGINT,
    gpus_expected BIGINT,
    source TEXT,
    source_state TEXT,
    version TEXT,
    written_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (hostname)
);

-- What the operator's inventory says of a GPU, as text.
CREATE TABLE gpu_assets (
    gpu_uuid TEXT COLLATE "C" NOT NULL,
    hostname TEXT COLLATE "C",
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
);

-- The token of the newest writer of each partition; only its holder writes.
CREATE TABLE writers (
    stage TEXT COLLATE "C" NOT NULL,
    partition INTEGER NOT NULL,
    token BIGINT NOT NULL,
    PRIMARY KEY (stage, partition)
);

-- Counters of the store itself: `assets` rises whenever an asset record changes.
CREATE TABLE gpuhm_meta (
    name TEXT COLLATE "C" NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (name)
);

INSERT INTO gpuhm_meta (name, value) VALUES ('assets', 0);

-- The books and the list of series are their owner's alone to write, whatever its default privileges give to services: the
-- functions above act on what the list names.
DO $$
DECLARE
    given RECORD;
BEGIN
    FOR given IN
        SELECT DISTINCT c.oid::regclass AS of_table, pg_get_userbyid(a.grantee) AS to_role
        FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
        WHERE c.oid IN (to_regclass('gpuhm_series'), to_regclass('gpuhm_migrations'))
            AND a.grantee NOT IN (0, c.relowner)
    LOOP
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON %s FROM %I', given.of_table, given.to_role);
    END LOOP;
END
$$;
