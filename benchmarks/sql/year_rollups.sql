insert into copq.rollup (
    grain, plant, line, product, element, category, currency, day, hour, entries, quantity, gross,
    recovered, allowed, net, seconds, base, good)
select
    grain, plant, line, product, element, category, currency,
    case when grain = 'month' then date_trunc('month', day)::date else day end as bucket,
    case when grain = 'hour' then hour else '-infinity' end as begins,
    count(*), sum(quantity), sum(gross), sum(recovered), sum(allowed), sum(net), sum(seconds),
    sum(base), sum(good)
from copq.ledger, unnest(array['hour', 'day', 'month']) as grain
group by 1, 2, 3, 4, 5, 6, 7, bucket, begins
