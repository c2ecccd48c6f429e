-- An entry every three minutes of each of twenty lines, from $1 to $2: two in three are rejects.
insert into copq.ledger (
    occurred_at, event_id, entry_no, plant, line, product, stage, work_unit, defect_code, element,
    category, quantity, gross, recovered, allowed, net, seconds, base, good, currency, rate_version,
    hour, day, period)
select
    at, 'e-' || line || '-' || extract(epoch from at)::bigint, 1, 'north', 'L' || line,
    'P' || (line * 7 + extract(doy from at)::int) % 50,
    case when n % 3 > 0 then 'S' || n % 3 end, 'M' || n % 4,
    case when n % 3 > 0 then (array['jam', 'short', 'burr', 'leak', 'scratch'])[1 + n % 5] end,
    case when n % 3 > 0 then 'defect' else 'production' end,
    case when n % 3 > 0 then 'internal_failure' else 'none' end,
    case when n % 3 > 0 then 3 else 60 end,
    case when n % 3 > 0 then 15.06 + n % 7 else 0 end, 0, 0,
    case when n % 3 > 0 then 15.06 + n % 7 else 0 end, 0,
    case when n % 3 > 0 then 0 else 420 end, case when n % 3 > 0 then 0 else 60 end,
    'EUR', 1, date_trunc('hour', at),
    (at at time zone 'Europe/Berlin' - interval '6 hours')::date,
    date_trunc('month', at at time zone 'Europe/Berlin' - interval '6 hours')::date
from generate_series(1, 20) as line,
    lateral (
        select at + line * interval '1 second' as at, n
        from generate_series($1::timestamptz, $2::timestamptz - interval '1 minute', interval '3 minutes')
            with ordinality as series (at, n)
    ) as moments
