select distinct on (currency, day) currency, day, rate
from copq.exchange_rate
where day between $1 and $2
order by currency, day, version desc
