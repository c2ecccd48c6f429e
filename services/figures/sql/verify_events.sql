-- Stored events, without the stop or correction that was made of each, that have no entry or whose
-- entries do not say all of them. $1 to $4 as in verify_entries.sql; the month is one in UTC.
-- `is_free`: no correction says what becomes of it.
select
    e.event_id, e.occurred_at, e.event_type, e.plant, e.line, e.payload,
    u.event_id is not null as is_unpriced,
    not exists (
        select from copq.correction as by where not by.beyond and by.corrects = e.event_id)
        and not exists (
            select from copq.correction as by where not by.beyond and by.replacement = e.event_id)
        as is_free,
    to_jsonb(s) as stop, to_jsonb(c) as correction
from copq.event as e
left join copq.unpriced as u on u.event_id = e.event_id
left join copq.stop as s on s.event_id = e.event_id
left join copq.correction as c on c.event_id = e.event_id
where e.payload is not null
    and (e.event_type in ('downtime', 'correction') or not exists (
        select from copq.ledger as l
        where l.occurred_at = e.occurred_at and l.event_id = e.event_id))
    and ($1::text is null or e.plant = $1)
    and ($2::date is null or (
        e.occurred_at >= $2 - interval '2 days'
        and e.occurred_at < $2 + interval '1 month 2 days'))
    and ($3::int is null or mod(hashtextextended(e.event_id, $4) & 1073741823, 10000) < $3)
