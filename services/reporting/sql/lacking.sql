-- Entries that stand without an exchange rate, by currency; the days that they are of.
select
    currency, sum(unconverted)::bigint as entries, count(distinct day) as days,
    min(day) as first_day, max(day) as last_day
from copq.rollup
where grain = $1 and unconverted > 0
    and ($2::text is null or plant = $2)
    and ($3::text is null or line = $3)
    and ($4::text is null or product = $4)
    and ($5::text is null or element in ($5, 'production'))
    and ($6::date is null or day >= $6)
    and ($7::date is null or day < $7)
    and ($8::timestamptz is null or hour >= $8)
    and ($9::timestamptz is null or hour < $9)
group by currency
order by currency
