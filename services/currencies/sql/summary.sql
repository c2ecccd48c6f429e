-- Each currency that has rates, or figures.
with rates as (
    select currency, count(distinct day) as rates, min(day) as first_day, max(day) as last_day
    from copq.exchange_rate group by currency
), figures as (
    select currency, sum(unconverted)::bigint as unconverted
    from copq.rollup where grain = 'month' group by currency
)
select
    currency, coalesce(rates, 0) as rates, first_day, last_day,
    copq.rate_of_day(currency, last_day) as newest_rate, coalesce(unconverted, 0) as unconverted
from rates full join figures using (currency)
order by currency
