-- What the batch changes, added up.
select
    plant, coalesce(product, '') as product, date_trunc('month', day)::date as month, currency,
    count(distinct event_id) as events,
    coalesce(-sum(net) filter (where reverses is not null), 0) as reversed,
    coalesce(sum(net) filter (where reverses is null), 0) as booked,
    sum(base) as base
from batch
where element is not null
group by 1, 2, 3, 4
order by 1, 2, 3, 4
