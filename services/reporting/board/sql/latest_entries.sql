-- The newest entries of these categories that stand, with their events. $1 and $2 are instants, the
-- second is left out; $4 may be null for every line.
with newest as (
    select l.* from copq.ledger as l
    where l.occurred_at >= $1 and l.occurred_at < $2
        and l.plant = $3 and ($4::text is null or l.line = $4)
        and l.category = any($5::text[]) and l.net > 0 and l.reverses is null
        and not exists (
            select from copq.ledger as r
            where r.occurred_at = l.occurred_at and r.event_id = l.event_id
                and r.reverses = l.entry_no
        )
    order by l.occurred_at desc, l.event_id desc, l.entry_no desc
    limit $6
)
select
    newest.*, found.payload, found.received_at, found.event_type, null::timestamptz as dropped_at,
    null::text as dropped_by
from newest
left join copq.event_key as key on key.event_id = newest.event_id
left join lateral (
    select payload, received_at, event_type from copq.event as e
    where e.event_id = newest.event_id and e.occurred_at = key.occurred_at
) as found on true
order by newest.occurred_at desc, newest.event_id desc, newest.entry_no desc
