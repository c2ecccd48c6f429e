-- name: year
-- An entry every three minutes of each of twenty lines, from :start to :end: two in three are
-- rejects.
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
        from generate_series(
                :start::timestamptz, :end::timestamptz - interval '1 minute', interval '3 minutes')
            with ordinality as series (at, n)
    ) as moments

-- name: year_rollups
-- Sum the entries by hour, day and month.
insert into copq.rollup (
    grain, plant, line, product, element, category, currency, day, hour, entries, quantity, gross,
    recovered, allowed, net, seconds, base, good)
select
    grain, plant, line, product, element, category, currency,
    case when grain = 'month' then date_trunc('month', day)::date else day end as bucket,
    case when grain = 'hour' then hour else '-infinity' end as begins,
    count(*), sum(quantity), sum(gross), sum(recovered), sum(allowed), sum(net), sum(seconds),
    sum(base), sum(good)
from copq.ledger, unnest(array['hour', 'day', 'month']) as grain
group by 1, 2, 3, 4, 5, 6, 7, bucket, begins

-- name: cardinality_heard
-- The lines that were heard of, from the entries.
insert into copq.line_heard (plant, line, occurred_at)
select plant, line, max(occurred_at) from copq.ledger group by plant, line

-- name: cardinality_unpriced
-- Events without a price, each of an unknown product: :number reasons.
insert into copq.unpriced (
    event_id, plant, line, occurred_at, event_type, product, reason, tried_revision, worth,
    currency, base)
select
    'u-' || n, 'north', 'L' || n % 1000, :now::timestamptz - interval '1 hour', 'defect', 'X' || n,
    'no cost table for product X' || n, 1, 12.5, 'EUR', 0
from generate_series(1, :number::int) as n

-- name: cardinality
-- A day of a plant with many names, up to :until: each of :lines lines makes and rejects :products
-- products every :every hours, one in ten of them with a code and a machine of its own, and stands
-- still for five minutes.
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
from generate_series(1, :lines::int) as line,
    generate_series(1, :products::int) as product,
    generate_series(0, 23, :every::int) as n,
    lateral (
        select :until::timestamptz - n * interval '1 hour'
            - (line * 13 + product * 7) % 3600 * interval '1 second'
    ) as moment (at),
    lateral (values
        ('production', 'none', 60, 0, 0, 420, 60),
        ('defect', 'internal_failure', 3, 15.06 + (line + product) % 7, 0, 0, 0),
        ('downtime', 'internal_failure', 0, 10, 300, 0, 0)
    ) as of_kind (element, category, quantity, cost, seconds, base, good)
where element <> 'downtime' or product = 1

-- name: cardinality_stops
-- Stops without an end, of :number lines, each of which began within the last hour before :now.
insert into copq.stop (
    event_id, plant, line, work_unit, defect_code, started_at, planned, per_hour, currency,
    rate_version, began_at)
select 'open-' || n, 'north', 'L' || n, 'M' || n, 'jam', at, false, 120, 'EUR', 1, at
from generate_series(1, :number::int) as n,
    lateral (select :now::timestamptz - n % 3600 * interval '1 second') as moment (at)

-- name: why_entries
-- A production day of one plant: :count entries, in a transaction of its own. One defect code in
-- eight is every third entry, and the least frequent one every sixteenth. From January 2026 on
-- supplier B of line L7 loses three times as much for an entry.
insert into copq.ledger (
    occurred_at, event_id, entry_no, plant, line, product, stage, work_unit, defect_code, shift,
    supplier, element, category, quantity, gross, recovered, allowed, net, seconds, base, good,
    currency, rate_version, hour, day, period)
select
    at, 'e' || to_char(:day::date, 'YYYYMMDD') || '-' || n, 1, 'big', 'L' || line, 'P' || product,
    'S' || product % 3, 'M' || (product + line) % 4, 'c' || code,
    (array['early', 'late', 'night'])[1 + n % 3], (array['A', 'B', 'C', 'D'])[1 + lot % 4],
    'defect', 'internal_failure', 1, times * cost, 0, 0, times * cost, 0,
    0, 0, 'EUR', 1,
    date_trunc('hour', at, 'UTC'), :day, date_trunc('month', :day::timestamp)::date
from (
    select
        n, hashint8extended(n, :day::date - date '2000-01-01') & 4294967295 as lot,
        :day::timestamp at time zone 'UTC' + n * (interval '1 day' / :count::int) as at
    from generate_series(0, :count::int - 1) as n
) as made,
    lateral (
        select
            1 + lot / 4 % 20 as line, 1 + lot / 80 % 5 as product,
            1 + floor(8 * ((lot / 400 % 1000) / 1000.0::float8) ^ 2)::int as code,
            5.25 + lot / 400000 % 7 as cost
    ) as names,
    lateral (
        select case when line = 7 and lot % 4 = 1 and :day >= '2026-01-01' then 3 else 1 end as times
    ) as raised

-- name: why_is_filled
-- Whether the ledger has the entries of a production day.
select exists (
    select from copq.ledger
    where occurred_at >= :day::timestamp at time zone 'UTC'
        and occurred_at < (:day::date + 1)::timestamp at time zone 'UTC')

-- name: why_units
-- Units made by each line and product of that plant, the same each day, from :first to before :last.
insert into copq.rollup (
    grain, plant, line, product, element, category, currency, day, hour, entries, quantity, gross,
    recovered, allowed, net, seconds, base, good)
select
    'day', 'big', 'L' || line, 'P' || product, 'production', 'none', 'EUR', day, '-infinity', 1,
    5000, 0, 0, 0, 0, 0, 5000, 5000
from generate_series(1, 20) as line, generate_series(1, 5) as product,
    generate_series(:first::date, :last::date - 1, interval '1 day') as day
on conflict do nothing

-- name: portfolio_freezes
-- Approve all projects.
insert into copq.project_freeze (
    project, plan, revision, rates_at, booked_until, currency, evidence, sha256, frozen_by)
select project, number, 1, now(), now(), 'EUR', '{}', sha256('{}'), 'carla'
from copq.project_plan

-- name: portfolio_promises
-- Promise 1,000 in each month.
insert into copq.project_promise (project, month, type, amount)
select project, month::date, 'hard', 1000
from copq.project,
    generate_series(:first::date::timestamp, :last::date, interval '1 month') as month

-- name: portfolio_step
-- Take a step in all projects.
insert into copq.project_step (project, step, what, state, taken_by)
select project, :step::int, :what, :state, 'carla' from copq.project

-- name: portfolio_periods
-- Close the months of the plant.
insert into copq.period (plant, month, state, first_closed_at, closings, booked_in)
select
    'north', month::date, 'closed', month + interval '1 month 5 days', 1,
    (month + interval '1 month')::date
from generate_series(:first::date::timestamp, :last::date, interval '1 month') as month

-- name: portfolio_months
-- Measure each month twice: a version before it was closed, and one after.
insert into copq.project_month (
    project, month, version, computed_at, days, baseline, actual, volume, mix, rates, non_routine,
    without_baseline, performance, gross, net)
select
    project, month::date, version, month + version * interval '1 month', 30, 5000,
    5100 - saved + version, 100, 0, 0, 0, 0, version - saved, saved - version,
    saved - version - 10
from copq.project,
    generate_series(:first::date::timestamp, :last::date, interval '1 month') as month,
    generate_series(1, 2) as version,
    lateral (select 900.25 + (project * 7 + extract(month from month)::int * 13) % 200 as saved) as s

-- name: portfolio_claims
-- Claim what each month saved.
insert into copq.project_claim (project, month, version, type, amount, claimed_by)
select m.project, m.month, m.version, 'hard', m.net, o.owner
from copq.project_month as m
join copq.project_owner as o using (project)
where m.version = 2 and m.month between :first::date and :last::date

-- name: portfolio_validations
-- Accept most claims, and reduce every third; the newest months wait.
insert into copq.project_validation (
    claim, project, plant, month, type, decision, amount, in_budget, closing, note, decided_by)
select
    number, project, 'north', month, type,
    case when number % 3 = 0 then 'reduced' else 'accepted' end,
    case when number % 3 = 0 then amount - 100 else amount end, 100, 1, 'seen', 'carla'
from copq.project_claim
where month < (select max(month) from copq.project_claim)

-- name: scale_has_production
-- Whether the ledger has production of that plant.
select exists (select from copq.ledger where plant = 'big' and line = 'L1' and element = 'production'
    and occurred_at < '2023-07-03')

-- name: scale_production
-- What `why_units` made, as entries of the ledger.
insert into copq.ledger (
    occurred_at, event_id, entry_no, plant, line, product, element, category, quantity, gross,
    recovered, allowed, net, seconds, base, good, currency, rate_version, hour, day, period)
select
    at, 'm' || to_char(day, 'YYYYMMDD') || line || product, 1, 'big', line, product, 'production',
    'none', quantity, 0, 0, 0, 0, 0, base, good, 'EUR', 1, date_trunc('hour', at, 'UTC'), day,
    date_trunc('month', day::timestamp)::date
from copq.rollup,
    lateral (select (day::timestamp + interval '12 hours') at time zone 'UTC' as at) as noon
where grain = 'day' and plant = 'big' and element = 'production'

-- name: scale_states
-- The projects of that plant, with their states.
select distinct on (project) name, coalesce(state, 'proposed') as state
from copq.project
left join copq.project_step using (project)
where plant = 'big'
order by project, step desc

-- name: scale_forget
-- Take away all that was measured of projects.
truncate
    copq.project_day, copq.project_cell, copq.project_month, copq.project_month_inputs,
    copq.project_verdict, copq.project_evidence, copq.project_claim, copq.project_validation,
    copq.closing_saving

-- name: scale_late
-- One more entry of a production day.
insert into copq.ledger (
    occurred_at, event_id, entry_no, plant, line, product, stage, work_unit, defect_code, shift,
    supplier, element, category, quantity, gross, recovered, allowed, net, seconds, base, good,
    currency, rate_version, hour, day, period)
select
    at, 'late ' || clock_timestamp(), 1, 'big', 'L1', 'P1', 'S1', 'M2', 'c1', 'early', 'A', 'defect',
    'internal_failure', 1, 5, 0, 0, 5, 0, 0, 0, 'EUR', 1, at, :day::date,
    date_trunc('month', :day::timestamp)::date
from (select (:day::timestamp + interval '9 hours') at time zone 'UTC' as at) as nine
