-- Digests of what was booked and received between instants, by plant and day. $1 are the instants
-- at which each anchor but the last ended, to which a microsecond was added; $2 is where the first
-- begins (not in it), $3 where the last ends (in it). `place` counts anchors from 0.
-- An entry's digest is SHA-256 of it as a JSON array, as docs/periods.md has it; that of an event
-- of one with the SHA-256 of its bytes, which outlives them. A day's is SHA-256 of these, in order.
-- Call it with timezone UTC and a search_path of pg_catalog alone.
with entries as (
    select
        width_bucket(booked_at, $1::timestamptz[]) as place, plant, day, event_id, entry_no,
        occurred_at,
        sha256(convert_to(json_build_array(
            event_id, entry_no, occurred_at, booked_at, reverses, reason, booked_by,
            corrected_by, plant, line, product, stage, work_unit, defect_code, shift,
            supplier, element, category, quantity, gross, recovered, allowed, net, seconds,
            base, good, ungraded, currency, rate_version, labour_version, line_version, hour, day,
            period, exchange_rate, reporting_currency, exchange_version)::text, 'UTF8')) as digest
    from copq.ledger
    where booked_at > $2 and booked_at <= $3
), events as (
    select
        width_bucket(received_at, $1::timestamptz[]) as place, plant,
        (occurred_at at time zone 'UTC')::date as day, event_id, occurred_at,
        sha256(convert_to(json_build_array(
            event_id, occurred_at, event_type, plant, line, received_at, origin_partition,
            origin_offset, sent_by,
            encode(coalesce(sha256(convert_to(payload, 'UTF8')), payload_sha256), 'hex')
            )::text, 'UTF8')) as digest
    from copq.event
    where received_at > $2 and received_at <= $3
)
select
    place, 'entries' as kind, plant, day, count(*) as rows,
    encode(sha256(string_agg(digest, ''::bytea order by event_id, entry_no, occurred_at)), 'hex')
        as digest
from entries
group by place, plant, day
union all
select
    place, 'events', plant, day, count(*),
    encode(sha256(string_agg(digest, ''::bytea order by event_id, occurred_at)), 'hex')
from events
group by place, plant, day
