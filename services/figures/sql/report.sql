-- Sums by bucket, element and currency, and by those of plant, line and product that $2 names.
-- Production is read along whatever the element, since it is the base. Lines that $11 does not name
-- are together in one; without $11 each line has its own row.
select
    case when grain = 'hour' then hour end as hour,
    case when grain <> 'hour' then day end as day,
    case when 'plant' = any($2::text[]) then plant end as plant,
    copq.row_line('line' = any($2::text[]), $11::text[] is null or named is not null, line) as line,
    case when 'product' = any($2::text[]) then product end as product,
    element, category, currency,
    sum(quantity) as quantity, sum(gross) as gross, sum(recovered) as recovered,
    sum(allowed) as allowed, sum(net) as net, sum(seconds) as seconds, sum(base) as base,
    sum(good) as good, sum(ungraded) as ungraded, sum(unconverted)::bigint as unconverted
from copq.rollup
left join (select distinct unnest($11::text[]) as named) as n on named = line
where grain = $1
    and ($3::text is null or plant = $3)
    and ($4::text is null or line = $4)
    and ($5::text is null or product = $5)
    and ($6::text is null or element in ($6, 'production'))
    and ($7::date is null or day >= $7)
    and ($8::date is null or day < $8)
    and ($9::timestamptz is null or hour >= $9)
    and ($10::timestamptz is null or hour < $10)
group by 1, 2, 3, 4, 5, 6, 7, 8
