-- The whole days from $7 to $8, and the whole hours from $5 to $6 that are in none of them.
-- The hours' days, from $9 to $10, are named for the index alone. Lines and products are apart where
-- $11 names them; lines that $12 does not name are together in one.
select
    plant,
    copq.row_line('line' = any($11::text[]) or $2::text is not null, $12::text[] is null or named is not null, line) as line,
    case when 'product' = any($11::text[]) or $3::text is not null then product end as product,
    element, category, currency,
    sum(quantity) as quantity, sum(gross) as gross, sum(recovered) as recovered,
    sum(allowed) as allowed, sum(net) as net, sum(seconds) as seconds, sum(base) as base,
    sum(good) as good, sum(ungraded) as ungraded, sum(unconverted)::bigint as unconverted
from (
    select * from copq.rollup
    where grain = 'day' and day >= $7 and day < $8
    union all
    select * from copq.rollup
    where grain = 'hour' and hour >= $5 and hour < $6
        and ((day >= $9 and day < $7) or (day >= $8 and day <= $10))
) as whole
left join (select distinct unnest($12::text[]) as named) as n on named = line
where plant = any($1::text[])
    and ($2::text is null or line = $2)
    and ($3::text is null or product = $3)
    and ($4::text is null or element in ($4, 'production'))
group by 1, 2, 3, 4, 5, 6
