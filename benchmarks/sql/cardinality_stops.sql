-- Stops without an end, of $1 lines, each of which began within the last hour before $2.
insert into copq.stop (
    event_id, plant, line, work_unit, defect_code, started_at, planned, per_hour, currency,
    rate_version, began_at)
select 'open-' || n, 'north', 'L' || n, 'M' || n, 'jam', at, false, 120, 'EUR', 1, at
from generate_series(1, $1::int) as n,
    lateral (select $2::timestamptz - n % 3600 * interval '1 second') as moment (at)
