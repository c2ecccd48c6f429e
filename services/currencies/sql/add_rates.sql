insert into copq.exchange_rate (version, currency, day, rate)
select $1, currency, day, rate
from unnest($2::text[], $3::date[], $4::numeric[]) as published (currency, day, rate)
