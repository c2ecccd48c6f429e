-- What all groups of unpriced_groups.sql come to, of plant $2 and line $3 or of all, by currency: null
-- for events whose worth is unknown.
select
    currency, count(*) as events,
    sum(copq.worth_at(worth, per_hour, occurred_at, $1)) as worth,
    sum(base) as base
from copq.unpriced
where ($2::text is null or plant = $2) and ($3::text is null or line = $3)
group by currency
order by currency
