-- Stops of these ids at other rates; answers those of which the rate is another now.
update copq.stop as s
set per_hour = w.per_hour, currency = w.currency, rate_version = w.rate_version
from unnest($1::text[], $2::numeric[], $3::text[], $4::bigint[])
    as w (event_id, per_hour, currency, rate_version)
where s.event_id = w.event_id and (s.per_hour, s.currency) <> (w.per_hour, w.currency)
returning s.event_id, s.plant, s.line, s.started_at, s.ended_at, s.voided
