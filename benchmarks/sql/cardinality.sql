-- A day of a plant with many names, up to $4: each of $1 lines makes and rejects $2 products every $3
-- hours, one in ten of them with a code and a machine of its own, and stands still for five minutes.
insert into copq.ledger (
    occurred_at, event_id, entry_no, plant, line, product, stage, work_unit, defect_code, element,
    category, quantity, gross, recovered, allowed, net, seconds, base, good, currency, rate_version,
    hour, day, period)
select
    at, 'e-' || element || '-' || line || '-' || product || '-' || n, 1, 'north', 'L' || line,
    'P' || product, case element when 'defect' then 'S1' end,
    case when element <> 'production' then 'M' || product * line % 10000 end,
    case when element <> 'production' then 'c' || (line * 7 + product) % 20000 end, element,
    category, quantity, cost, 0, 0, cost, seconds, base, good, 'EUR', 1, date_trunc('hour', at),
    (at at time zone 'UTC')::date, date_trunc('month', at at time zone 'UTC')::date
from generate_series(1, $1::int) as line,
    generate_series(1, $2::int) as product,
    generate_series(0, 23, $3::int) as n,
    lateral (
        select $4::timestamptz - n * interval '1 hour' - (line * 13 + product * 7) % 3600 * interval '1 second'
    ) as moment (at),
    lateral (values
        ('production', 'none', 60, 0, 0, 420, 60),
        ('defect', 'internal_failure', 3, 15.06 + (line + product) % 7, 0, 0, 0),
        ('downtime', 'internal_failure', 0, 10, 300, 0, 0)
    ) as of_kind (element, category, quantity, cost, seconds, base, good)
where element <> 'downtime' or product = 1
