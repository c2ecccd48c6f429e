-- Currencies and days of which entries stand without a rate that there is one for by now.
select currency, day
from copq.rollup
where grain = 'day' and unconverted > 0
group by currency, day
having copq.rate_of_day(currency, day) is not null
order by day, currency
