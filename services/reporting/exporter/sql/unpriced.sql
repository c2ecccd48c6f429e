-- As unpriced_groups.sql, by line and currency; that of events whose worth is unknown is null.
select
    plant, line, currency, count(*) as events,
    sum(worth + coalesce(per_hour, 0) * extract(epoch from greatest($1 - occurred_at, '0')) / 3600)
        as worth
from copq.unpriced
group by plant, line, currency
