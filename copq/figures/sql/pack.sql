-- name: pack_newest_hour
-- The newest hour of a plant in which something is booked, in the production days from :first to :last.
select max(hour) from copq.rollup
where grain = 'hour' and plant = :plant and day >= :first and day < :last

-- name: pack_entries
-- How many entries of a plant stand in the ledger.
select coalesce(sum(entries), 0)::bigint from copq.rollup where grain = 'month' and plant = :plant

-- name: pack_signatures
-- The closed months of a plant from :first to :last, each with its last closing, the COPQ that it
-- signed of the month's own events, and what it signed of other months, in :currency.
select
    p.month, p.state, c.closing, c.closed_at, s.done_by, s.why, c.entries, c.digest,
    signed.copq, signed.late
from copq.period as p
join copq.closing as c on (c.plant, c.month, c.closing) = (p.plant, p.month, p.closings)
join copq.period_step as s
    on (s.plant, s.month, s.closing) = (c.plant, c.month, c.closing) and s.what = 'closed'
cross join lateral (
    select
        coalesce(sum(net) filter (where f.of_month = f.month), 0) as copq,
        coalesce(sum(net) filter (where f.of_month <> f.month), 0) as late
    from copq.closing_figure as f
    where (f.plant, f.month, f.closing) = (c.plant, c.month, c.closing)
        and f.category = any(:categories::text[]) and f.currency = :currency
) as signed
where p.plant = :plant and p.state <> 'open' and p.month >= :first and p.month < :last
order by p.month

-- name: pack_losses
-- Failure cost of a plant's month by defect code, or by element without one: the summary of the month
-- that begins on :first, and what the summary lacks (`not_summed`).
with loss as (
    select currency, nullif(defect_code, '') as defect_code, element, net, seconds, s.entries
    from copq.summary as s
    join copq.summary_leaf as leaf using (leaf)
    where :until::bigint > 0 and s.grain = 'month' and s.day = :first and s.plant = :plant
        and category = any(:categories::text[])
    union all
    select
        currency, defect_code, element, net, seconds,
        case when reverses is null then 1 else -1 end
    from copq.ledger as l
    where {{not_summed}}
        and occurred_at >= :since and occurred_at < :before and day >= :first and day < :last
        and plant = :plant and category = any(:categories::text[])
)
select
    currency, defect_code, case when defect_code is null then element end as element,
    sum(net) as net, sum(seconds) as seconds, sum(entries)::bigint as entries
from loss
group by 1, 2, 3

-- name: pack_has_functions
-- Whether events of a plant name a function at all.
select exists (
    select from copq.event_problem where function is not null and plant = :plant)

-- name: pack_functions
-- The part of `pack_losses` whose events name a function, by function.
select
    function, currency, defect_code, case when defect_code is null then element end as element,
    sum(net) as net, sum(seconds) as seconds,
    sum(case when reverses is null then 1 else -1 end)::bigint as entries
from copq.ledger as l
join copq.event_problem as p using (event_id)
where p.function is not null and p.plant = :plant
    and l.occurred_at >= :since and l.occurred_at < :before and day >= :first and day < :last
    and l.plant = :plant and category = any(:categories::text[])
group by 1, 2, 3, 4

-- name: pack_functions_of
-- The functions that these events name.
select event_id, function from copq.event_problem
where event_id = any(:events::text[]) and function is not null

-- name: pack_rejected
-- Rejected events that nobody has sent again, of all plants; for readers of all lines.
select count(*) from copq.rejected where replayed_at is null and payload is not null
