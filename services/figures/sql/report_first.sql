-- As report.sql, of each plant by months as they were first reported; `is_open`: not closed yet, so
-- as of now.
select
    null::timestamptz as hour,
    month as day,
    plant,
    case when 'line' = any($1::text[]) then line end as line,
    case when 'product' = any($1::text[]) then product end as product,
    element, category, currency,
    sum(quantity) as quantity, sum(gross) as gross, sum(recovered) as recovered,
    sum(allowed) as allowed, sum(net) as net, sum(seconds) as seconds, sum(base) as base,
    sum(good) as good, sum(ungraded) as ungraded, bool_or(is_open) as is_open
from copq.first_reported
where ($2::text is null or plant = $2)
    and ($3::text is null or line = $3)
    and ($4::text is null or product = $4)
    and ($5::text is null or element in ($5, 'production'))
    and ($6::date is null or month >= $6)
    and ($7::date is null or month < $7)
group by 2, 3, 4, 5, 6, 7, 8
