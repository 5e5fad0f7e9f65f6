-- Puts rows into the table `t`, one for each row (g, t) of `source`: GPU number g at the instant t, which goes into the
-- column `k`. Columns hold what `given` says, an expression each, or a plausible value of their type.
CREATE FUNCTION fill(t text, k text, source text, given jsonb DEFAULT '{}') RETURNS void LANGUAGE plpgsql AS $f$
DECLARE
    names text;
    expressions text;
BEGIN
    SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position),
        string_agg(coalesce(given->>column_name, CASE
            WHEN column_name = 'gpu_uuid' THEN '''GPU-'' || lpad(g::text, 6, ''0'')'
            WHEN column_name = 'hostname' THEN '''host-'' || lpad((g / 8)::text, 5, ''0'')'
            WHEN column_name = k OR column_name IN ('written_at', 'as_of', 'since', 'at') THEN 't'
            WHEN column_name = 'device_index' THEN 'g % 8'
            WHEN column_name LIKE 'throttle\_%\_s' OR column_name LIKE '%\_delta' THEN '0'
            WHEN data_type = 'real' THEN '(g % 97)::real + 0.5'
            WHEN data_type = 'double precision' THEN '0.1'
            WHEN data_type = 'bigint' THEN 'g % 1000'
            WHEN data_type = 'boolean' THEN 'true'
            WHEN data_type = 'jsonb' THEN '''[]''::jsonb'
            WHEN data_type = 'text' THEN '''x'''
            ELSE 'NULL' END), ', ' ORDER BY ordinal_position)
        INTO names, expressions
        FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = t;
    EXECUTE format('INSERT INTO %I (%s) SELECT %s FROM (%s) s ON CONFLICT DO NOTHING', t, names, expressions, source);
END
$f$;

-- `gpus` GPUs up to `now`: raw rows each minute of the last hour and once a day for 89 days, windows of a day and once a day
-- for a quarter, faults on a few, and what passes write.
CREATE FUNCTION fleet(gpus int, now timestamptz) RETURNS void LANGUAGE plpgsql AS $f$
DECLARE
    every text := format('SELECT g, %L::timestamptz - d * interval %%L AS t FROM generate_series(%%s) d, generate_series(0, %s) g',
        now, gpus - 1);
    few text := ' WHERE g % 10 = 0';
BEGIN
    PERFORM fill('gpu_metrics', 'time', format(every, '1 day', '1, 89'));
    PERFORM fill('gpu_metrics', 'time', format(every, '1 minute', '0, 60'));
    INSERT INTO gpus SELECT gpu_uuid, min(time), max(time) FROM gpu_metrics GROUP BY gpu_uuid
        ON CONFLICT (gpu_uuid) DO UPDATE SET first_time = excluded.first_time, last_time = excluded.last_time;
    PERFORM fill('gpu_metrics_1h', 'start', format(every, '1 day', '1, 89'));
    PERFORM fill('gpu_metrics_1h', 'start', format(every, '1 hour', '1, 26'));
    PERFORM fill('gpu_metrics_15m', 'start', format(every, '15 minutes', '1, 16'));
    PERFORM fill('gpu_metrics_1m', 'start', format(every, '1 day', '1, 89') || few,
        '{"ecc_dbe_volatile_delta": "CASE WHEN g % 50 = 0 THEN 1 ELSE 0 END"}');
    PERFORM fill('gpu_metrics_1m', 'start', format(every, '1 minute', '1, 60'),
        '{"throttle_hw_slowdown_s": "CASE WHEN g % 50 = 0 THEN 20 ELSE 0 END"}');
    PERFORM fill('gpu_events', 'at', format(every, '1 day', '0, 200') || few, '{"kind": "''xid''", "code": "79"}');
    PERFORM fill('gpu_health_scores', 'time', format(every, '9 days', '0, 20'),
        '{"grade": "''good''", "state": "''ok''", "action": "''none''"}');
    PERFORM fill('gpu_failure_predictions', 'time', format(every, '30 days', '0, 6'),
        '{"advice": "''none''", "status": "''prior_only''"}');
    PERFORM fill('gpu_places', 'since', format(every, '30 days', '1, 2'));
    PERFORM fill('fleet_health', 'time', format('SELECT 0 AS g, %L::timestamptz - d * interval ''1 minute'' AS t
        FROM generate_series(0, 3000) d', now));
    PERFORM fill('gpu_alerts', 'since', format(every, '9 days', '1, 9'),
        '{"alert_id": "g::text || t::text", "severity": "''warning''", "evidence": "''{}''::jsonb",
          "status": "CASE WHEN g % 500 = 0 THEN ''firing'' ELSE ''resolved'' END"}');
    PERFORM fill('collectors', 'time', format('SELECT g * 8 AS g, %L::timestamptz AS t FROM generate_series(0, %s) g',
        now, (gpus - 1) / 8));
END
$f$;
