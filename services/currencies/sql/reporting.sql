select currency, rate_days, set_at, set_by from copq.reporting_currency
