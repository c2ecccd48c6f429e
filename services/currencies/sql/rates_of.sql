select currency, day, copq.rate_of_day(currency, day) as rate
from unnest($1::text[], $2::date[]) as wanted (currency, day)
