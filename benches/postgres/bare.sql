-- What a person would ask psql for the same answers, a statement a paragraph; the comment above it is its name.

-- latest: every GPU's newest values
SELECT m.* FROM gpus g CROSS JOIN LATERAL (
    SELECT * FROM gpu_metrics WHERE time = g.last_time AND gpu_uuid = g.gpu_uuid LIMIT 1
) m;

-- scores: every GPU's newest health
SELECT h.* FROM gpus g CROSS JOIN LATERAL (
    SELECT * FROM gpu_health_scores WHERE gpu_uuid = g.gpu_uuid ORDER BY time DESC LIMIT 1
) h;

-- predictions: every GPU's newest prediction
SELECT p.* FROM gpus g CROSS JOIN LATERAL (
    SELECT * FROM gpu_failure_predictions WHERE gpu_uuid = g.gpu_uuid ORDER BY time DESC LIMIT 1
) p;

-- places: every GPU's newest place and the time of its first
SELECT p.*, o.since FROM gpus g CROSS JOIN LATERAL (
    SELECT * FROM gpu_places WHERE gpu_uuid = g.gpu_uuid ORDER BY since DESC LIMIT 1
) p CROSS JOIN LATERAL (
    SELECT since FROM gpu_places WHERE gpu_uuid = g.gpu_uuid ORDER BY since LIMIT 1
) o;

-- numbers: the fleet's health over the last hours
SELECT * FROM fleet_health ORDER BY time DESC LIMIT 240;

-- alerts: open ones, and the newest that ended
SELECT * FROM gpu_alerts WHERE status = 'firing' ORDER BY since DESC, alert_id DESC;
SELECT * FROM gpu_alerts WHERE status <> 'firing' ORDER BY since DESC, alert_id DESC LIMIT 500;

-- collectors: and the silences
SELECT * FROM collectors ORDER BY hostname;
SELECT * FROM silences ORDER BY until_at DESC LIMIT 500;

-- hour: one GPU's windows, samples, events, alerts and healths
SELECT * FROM gpu_metrics_1m WHERE gpu_uuid = :'gpu' AND start >= :'from' AND start < :'to' ORDER BY start;
SELECT * FROM gpu_metrics WHERE gpu_uuid = :'gpu' AND time >= :'late' AND time < :'to' ORDER BY time;
SELECT * FROM gpu_events WHERE gpu_uuid = :'gpu' AND at >= :'from' AND at < :'to' ORDER BY at DESC LIMIT 500;
SELECT * FROM gpu_alerts WHERE gpu_uuid = :'gpu' ORDER BY since DESC, alert_id DESC LIMIT 100;
SELECT * FROM gpu_health_scores WHERE gpu_uuid = :'gpu' AND time <= :'from' ORDER BY time DESC LIMIT 1;
SELECT * FROM gpu_health_scores WHERE gpu_uuid = :'gpu' AND time >= :'from' AND time < :'to' ORDER BY time;
