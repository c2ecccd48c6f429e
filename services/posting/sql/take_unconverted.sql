-- Entries of a currency $1 and day $2 that were booked without a rate, after the entry
-- ($3, $4, $5): whether they are taken back by now, the last number that their event has used up,
-- and on whose word there is a rate now. A stop's entries lie all over its time. The page comes first, so that its size bounds the work.
with page as materialized (
    select *
    from copq.ledger as l
    where l.currency = $1 and l.day = $2
        and l.occurred_at >= greatest($3::timestamptz, $2::date - interval '2 days')
        and l.occurred_at < $2::date + interval '3 days'
        and l.exchange_rate is null and l.reverses is null
        and (l.occurred_at, l.event_id, l.entry_no) > ($3, $4::text collate "C", $5::int)
    order by l.occurred_at, l.event_id, l.entry_no
    limit $6
)
select page.*, greatest(own.last_no, stopped.last_no) as last_no, own.taken_back,
    (select copq.rate_given_by($1, $2)) as given_by
from page
left join copq.stop as s on s.event_id = page.event_id
cross join lateral (
    select max(o.entry_no) as last_no,
        coalesce(bool_or(o.reverses = page.entry_no), false) as taken_back
    from copq.ledger as o
    where o.occurred_at = page.occurred_at and o.event_id = page.event_id
) as own
cross join lateral (
    select max(o.entry_no) as last_no from copq.ledger as o
    where o.element in ('downtime', 'planned_stop') and o.plant = page.plant and o.line = page.line
        and o.occurred_at >= s.started_at and o.occurred_at < s.ended_at
        and o.event_id = page.event_id
) as stopped
order by page.occurred_at, page.event_id, page.entry_no
