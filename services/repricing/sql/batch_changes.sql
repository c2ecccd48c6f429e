-- What the batch changes, failure apart from appraisal and prevention, and from production.
select
    plant, coalesce(product, '') as product, date_trunc('month', day)::date as month, currency,
    case when category like '%\_failure' then 'copq' when category = 'none' then 'base'
        else 'other CoQ' end as kind,
    count(distinct event_id) as events,
    coalesce(-sum(net) filter (where reverses is not null), 0) as reversed,
    coalesce(sum(net) filter (where reverses is null), 0) as booked,
    sum(base) as base
from batch
where element is not null
group by 1, 2, 3, 4, 5
order by 1, 2, 3, 4, 5
