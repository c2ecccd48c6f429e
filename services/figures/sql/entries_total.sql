-- What all pages of the same question add up to, by element. $1 to $17 as in entries_asked.sql,
-- $18 when the first page was read. `entries` are those that stand: a reversal takes one away.
select
    currency, category, element, sum(case when reverses is null then 1 else -1 end)::bigint as entries,
    count(*) as lines, sum(quantity) as quantity, sum(gross) as gross, sum(recovered) as recovered,
    sum(allowed) as allowed, sum(net) as net, sum(seconds) as seconds, sum(base) as base
from copq.ledger
where {asked}
    and booked_at <= $18
group by currency, category, element
order by currency, sum(net) desc, element
