-- All entries, those of an event that happens at one time next to each other, each with its event.
-- $1 a plant, $2 a month of production days, $3 a share of the events in ten thousandths, which $4
-- chooses. Each is null where it does not matter.
select
    l.*, e.payload, e.received_at, e.event_type, r.ordered_at as dropped_at,
    r.ordered_by as dropped_by
from copq.ledger as l
left join copq.event_key as k on k.event_id = l.event_id
left join copq.event as e on e.occurred_at = k.occurred_at and e.event_id = k.event_id
left join copq.retention as r on r.retention = e.dropped_by
where ($1::text is null or l.plant = $1)
    and ($2::date is null or (
        l.day >= $2 and l.day < $2 + interval '1 month'
        and l.occurred_at >= $2 - interval '2 days'
        and l.occurred_at < $2 + interval '1 month 2 days'))
    and ($3::int is null or mod(hashtextextended(l.event_id, $4) & 1073741823, 10000) < $3)
order by l.occurred_at, l.event_id, l.entry_no
