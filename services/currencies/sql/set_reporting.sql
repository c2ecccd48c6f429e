insert into copq.reporting_currency (currency, rate_days, set_by) values ($1, $2, $3)
on conflict (only_one) do update set
    currency = excluded.currency, rate_days = excluded.rate_days, set_at = now(),
    set_by = excluded.set_by
