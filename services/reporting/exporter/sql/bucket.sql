-- The sums of one bucket: the hour $4, or the day or month $2. An hour may lie in two production
-- days, so its days, from $2 to $3, are named for the index alone.
select plant, line, product, currency, element, category, quantity, net, seconds, base, good, ungraded
from copq.rollup
where grain = $1 and day >= $2 and day <= $3
    and hour = coalesce($4::timestamptz, '-infinity')
    and plant = any($5::text[])
