-- Events without a price, of plant $2 and line $3 or of all, by why; the $4 largest groups, the largest
-- first. Worth is what those are worth that have a rate near enough, never a sum of two currencies; a
-- stop that is open costs until $1.
select
    reason, event_type, plant, line, product, count(*) as events, min(since) as since,
    min(occurred_at) as first_occurred_at, max(occurred_at) as last_occurred_at,
    count(*) filter (where currency is null) as unknown,
    case when min(currency) = max(currency) then min(currency) end as currency,
    case when min(currency) = max(currency) then sum(
        copq.worth_at(worth, per_hour, occurred_at, $1))
    end as worth,
    case when min(currency) = max(currency) then sum(base) end as base,
    min(nearest_version) as first_version, max(nearest_version) as last_version,
    min(nearest_from) as nearest_from, max(nearest_from) as nearest_to
from copq.unpriced
where ($2::text is null or plant = $2) and ($3::text is null or line = $3)
group by reason, event_type, plant, line, product
order by events desc, since, reason, plant, line
limit $4
