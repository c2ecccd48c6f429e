-- The sums of one bucket in the reporting currency, as bucket.sql finds it, by the currency that
-- they were booked in.
select
    r.currency as booked_in, c.currency, r.element, r.category, sum(r.reporting_net) as net,
    sum(r.reporting_base) as base, sum(r.unconverted)::bigint as unconverted
from copq.rollup as r
cross join copq.reporting_currency as c
where r.grain = $1 and r.day >= $2 and r.day <= $3
    and r.hour = coalesce($4::timestamptz, '-infinity')
    and r.plant = any($5::text[])
group by 1, 2, 3, 4
