-- Entries that stand without an exchange rate, by currency; the days that they are of.
select
    currency, sum(unconverted)::bigint as entries, count(distinct day) as days,
    min(day) as first_day, max(day) as last_day
from copq.rollup
where grain = $9 and unconverted > 0
    and ($1::text is null or plant = $1)
    and ($2::text is null or line = $2)
    and ($3::text is null or product = $3)
    and ($4::text is null or element in ($4, 'production'))
    and ($5::date is null or day >= $5)
    and ($6::date is null or day < $6)
    and ($7::timestamptz is null or hour >= $7)
    and ($8::timestamptz is null or hour < $8)
group by currency
order by currency
