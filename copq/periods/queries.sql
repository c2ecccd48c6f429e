-- name: open_before
-- The months before :month that are open and have entries, of their own or of another month, or
-- were reopened.
select month
from (
    select distinct day as month from copq.rollup
    where grain = 'month' and plant = :plant and day < :month
    union
    select distinct period from copq.ledger
    where plant = :plant and period < :month and period <> date_trunc('month', day::timestamp)::date
    union
    select month from copq.period where plant = :plant and month < :month
) as begun
where not exists (
    select from copq.period as p
    where p.plant = :plant and p.month = begun.month and p.state <> 'open')
order by month

-- name: clock
-- The server's clock, which stamps bookings, and the time of the month's last step.
select clock_timestamp() as now, (
    select max(done_at) from copq.period_step where plant = :plant and month = :month) as last

-- name: change_period
-- Change the state of a month. Returns the number of its closings.
insert into copq.period (plant, month, state, first_closed_at, closings, booked_in)
values (
    :plant, :month::date, :state, :closed_at, 1,
    case when :state <> 'open' then (:month::date + interval '1 month')::date end)
on conflict (plant, month) do update set
    state = excluded.state,
    closings = period.closings + case excluded.state when 'closed' then 1 else 0 end,
    booked_in = excluded.booked_in
returning closings

-- name: move_frontier
-- Set where the plant books late events of months that are not open: after the last month that was
-- ever closed, and so never in a month that was reopened for another reason.
update copq.period set booked_in = frontier
from (
    select (max(month) + interval '1 month')::date as frontier
    from copq.period
    where plant = :plant
) as last
where plant = :plant and state <> 'open' and booked_in <> frontier

-- name: add_step
-- Add a step to those of a month.
insert into copq.period_step (
    plant, month, step, what, closing, done_at, done_by, why, unfinished)
select
    :plant, :month, coalesce(max(step), 0) + 1, :what, :closing, :done_at, :done_by, :why,
    :unfinished
from copq.period_step
where plant = :plant and month = :month

-- name: unsigned
-- The last closing of a month whose figures are not signed off yet.
select s.closing, s.done_at
from copq.period_step as s
where s.plant = :plant and s.month = :month and s.what = 'closed'
    and not exists (
        select from copq.closing as c
        where c.plant = s.plant and c.month = s.month and c.closing = s.closing)

-- name: hold_period
-- Run one sign-off of a month at a time. No row of the month is locked: the sums take a while, and
-- a closing of another month would meanwhile block bookings until it has the plant's rows.
select pg_advisory_xact_lock(
    hashtextextended('copq.period/' || :plant::text || '/' || :month::date, 0))

-- name: add_figures
-- Store the figures of a closing, as booked until then.
insert into copq.closing_figure (
    plant, month, closing, of_month, line, product, element, category, currency, entries,
    quantity, gross, recovered, allowed, net, seconds, base, good, ungraded, digest)
select
    :plant, :month, :closing, of_month, line, product, element, category, currency, entries,
    quantity, gross, recovered, allowed, net, seconds, base, good, ungraded, digest
from copq.period_figures(:plant, :month, :closed_at)

-- name: add_savings
-- Store the validated savings that a closing signs: those until then that no earlier one has signed.
insert into copq.closing_saving (
    plant, month, closing, validation, project, of_month, type, decision, amount, in_budget,
    currency, note, decided_at, decided_by)
select
    v.plant, :month, :closing, v.number, p.name, v.month, v.type, v.decision, v.amount, v.in_budget,
    f.currency, v.note, v.decided_at, v.decided_by
from copq.project_validation as v
join copq.project as p using (project)
join copq.project_freeze as f using (project)
where v.plant = :plant and v.decided_at <= :closed_at
    and not exists (select from copq.closing_saving as s where s.validation = v.number)
on conflict (validation) do nothing

-- name: add_closing
-- Sign the stored figures of a closing with their digest.
insert into copq.closing (plant, month, closing, closed_at, entries, digest)
select
    :plant, :month, :closing, :closed_at, coalesce(sum(entries), 0),
    copq.closing_digest(:plant, :month, :closing)
from copq.closing_figure
where plant = :plant and month = :month and closing = :closing

-- name: verify_periods
-- Months whose state does not agree with their steps, or that lack a step.
with done as (
    select
        plant, month,
        (array_agg(what order by step desc))[1] as last_step,
        count(*) as steps, max(step) as last,
        count(*) filter (where what = 'closed') as closings,
        min(done_at) filter (where what = 'closed') as first_closed_at
    from copq.period_step
    group by 1, 2
), told as (
    select
        plant, month, steps, last, closings, first_closed_at,
        case last_step when 'reopened' then 'open' else last_step end as state
    from done
), expected as (
    select
        plant, month, steps, last, state, closings, first_closed_at, case when state <> 'open'
            then (max(month) over (partition by plant) + interval '1 month')::date end as booked_in
    from told
)
select
    plant, month,
    e.state as step_state, p.state as period_state,
    e.closings as step_closings, p.closings as period_closings,
    e.first_closed_at as step_first_closed_at, p.first_closed_at as period_first_closed_at,
    e.booked_in as step_booked_in, p.booked_in as period_booked_in,
    e.last as step_steps, e.steps as period_steps
from expected as e
full join copq.period as p using (plant, month)
where (e.state, e.closings, e.first_closed_at, e.booked_in)
    is distinct from (p.state, p.closings, p.first_closed_at, p.booked_in)
    or e.steps <> e.last
order by plant, month

-- name: verify_closings
-- All closings: the step, the sign-off, and the digest of the stored figures.
select
    plant, month, closing, s.done_at, c.closed_at, c.entries, c.digest,
    copq.closing_digest(plant, month, closing) as kept_digest
from (select * from copq.period_step where what = 'closed') as s
full join copq.closing as c using (plant, month, closing)
order by plant, month, closing

-- name: verify_figures
-- The figures of a closing that differ from the ledger.
select
    of_month, line, product, element, category, currency,
    l.entries as ledger_entries, f.entries as closing_entries,
    l.quantity as ledger_quantity, f.quantity as closing_quantity,
    l.gross as ledger_gross, f.gross as closing_gross,
    l.recovered as ledger_recovered, f.recovered as closing_recovered,
    l.allowed as ledger_allowed, f.allowed as closing_allowed,
    l.net as ledger_net, f.net as closing_net,
    l.seconds as ledger_seconds, f.seconds as closing_seconds,
    l.base as ledger_base, f.base as closing_base,
    l.good as ledger_good, f.good as closing_good,
    l.ungraded as ledger_ungraded, f.ungraded as closing_ungraded,
    l.digest as ledger_digest, f.digest as closing_digest
from copq.period_figures(:plant, :month, :closed_at) as l
full join (
    select * from copq.closing_figure where plant = :plant and month = :month and closing = :closing
) as f using (of_month, line, product, element, category, currency)
where (l.entries, l.quantity, l.gross, l.recovered, l.allowed, l.net, l.seconds, l.base, l.good, l.ungraded,
        l.digest)
    is distinct from (
        f.entries, f.quantity, f.gross, f.recovered, f.allowed, f.net, f.seconds, f.base, f.good, f.ungraded,
        f.digest)
order by of_month, line, product, element, category, currency

-- name: verify_savings
-- Signed savings that differ from their validations, or that a closing of their plant left out.
with decided as (
    select v.*, p.name, f.currency
    from copq.project_validation as v
    join copq.project as p using (project)
    join copq.project_freeze as f using (project)
)
select
    coalesce(s.plant, v.plant) as plant, s.month, s.closing,
    coalesce(s.validation, v.number) as validation,
    v.name as validation_project, s.project as closing_project,
    v.month as validation_of_month, s.of_month as closing_of_month,
    v.type as validation_type, s.type as closing_type,
    v.decision as validation_decision, s.decision as closing_decision,
    v.amount as validation_amount, s.amount as closing_amount,
    v.in_budget as validation_in_budget, s.in_budget as closing_in_budget,
    v.currency as validation_currency, s.currency as closing_currency,
    v.note as validation_note, s.note as closing_note,
    v.decided_at as validation_decided_at, s.decided_at as closing_decided_at,
    v.decided_by as validation_decided_by, s.decided_by as closing_decided_by
from copq.closing_saving as s
full join decided as v on v.number = s.validation
where (s.plant, s.project, s.of_month, s.type, s.decision, s.amount, s.in_budget, s.currency, s.note,
        s.decided_at, s.decided_by)
    is distinct from (
        v.plant, v.name, v.month, v.type, v.decision, v.amount, v.in_budget, v.currency, v.note,
        v.decided_at, v.decided_by)
    and (s.validation is not null or exists (
        select from copq.closing as c where c.plant = v.plant and c.closed_at >= v.decided_at))
order by 1, 4

-- name: verify_booked
-- Entries booked in a month while it was closed, or in another month while their own was open.
with shut as (
    select
        s.plant, s.month, s.done_at as since,
        coalesce((
            select min(r.done_at) from copq.period_step as r
            where r.plant = s.plant and r.month = s.month and r.what = 'reopened'
                and r.step > s.step), 'infinity') as until
    from copq.period_step as s
    where s.what = 'closed'
), found as (
    select l.plant, l.event_id, l.entry_no, l.booked_at, l.day, l.period, false as was_open
    from copq.ledger as l
    join shut as s
        on s.plant = l.plant and s.month = l.period
        and l.booked_at > s.since and l.booked_at < s.until
    union all
    select l.plant, l.event_id, l.entry_no, l.booked_at, l.day, l.period, true
    from copq.ledger as l
    where l.period <> date_trunc('month', l.day::timestamp)::date
        and not exists (
            select from shut as s
            where s.plant = l.plant and s.month = date_trunc('month', l.day::timestamp)::date
                and l.booked_at > s.since and l.booked_at < s.until)
)
select * from found order by plant, event_id, entry_no

-- name: one_period
-- The state of a month; no row if no step was taken.
select plant, month, state, closings, first_closed_at, booked_in
from copq.period
where plant = :plant and month = :month

-- name: list_periods
-- Months with steps or with entries of their own or of another month; newest first, a row for each
-- currency. COPQ of the month as first reported (null: never closed) and as restated. `booked` is
-- COPQ of all entries booked in the month, `late` the part from other months.
with late as materialized (
    select plant, period, date_trunc('month', day::timestamp)::date as of_month, currency,
        coalesce(sum(net) filter (where category like '%\_failure'), 0) as copq
    from copq.ledger
    where period <> date_trunc('month', day::timestamp)::date
        and (:plant::text is null or plant = :plant)
    group by 1, 2, 3, 4
), figures as (
    select plant, month, currency, sum(first_reported) as first_reported,
        sum(restated) as restated, sum(booked) as booked, sum(late) as late
    from (
        select plant, month, currency,
            case when category like '%\_failure' then net else 0 end as first_reported,
            0 as restated, 0 as booked, 0 as late
        from copq.closing_figure
        where closing = 1 and of_month = month
        union all
        select plant, day, currency, 0, copq, copq, 0
        from copq.rollup
        cross join lateral (
            select case when category like '%\_failure' then net else 0 end as copq) as c
        where grain = 'month'
        union all
        select plant, period, currency, 0, 0, copq, copq from late
        union all
        select plant, of_month, currency, 0, 0, -copq, 0 from late
    ) as parts
    where :plant::text is null or plant = :plant
    group by 1, 2, 3
)
select
    plant, month, coalesce(p.state, 'open') as state, coalesce(p.closings, 0) as closings,
    p.first_closed_at, p.booked_in, f.currency,
    case when p.plant is not null then coalesce(f.first_reported, 0) end as first_reported,
    coalesce(f.restated, 0) as restated, coalesce(f.booked, 0) as booked,
    coalesce(f.late, 0) as late,
    coalesce(p.state, 'open') <> 'open' and exists (
        select from copq.closing as c
        where (c.plant, c.month, c.closing) = (p.plant, p.month, p.closings)) as signed
from figures as f
full join copq.period as p using (plant, month)
where (:plant::text is null or plant = :plant) and (:month::date is null or month = :month)
order by month desc, plant, currency

-- name: steps
-- The steps of a month, with the digests of its signed figures.
select s.step, s.what, s.closing, s.done_at, s.done_by, s.why, s.unfinished, c.entries, c.digest
from copq.period_step as s
left join copq.closing as c
    on s.what = 'closed' and (c.plant, c.month, c.closing) = (s.plant, s.month, s.closing)
where s.plant = :plant and s.month = :month
order by s.step

-- name: figures
-- The signed figures of each closing of a month, by the month in which events occurred.
select closing, of_month, category, currency, sum(entries) as entries, sum(net) as net
from copq.closing_figure
where plant = :plant and month = :month
group by 1, 2, 3, 4
order by 1, 2, 3, 4

-- name: booked_so_far
-- The sums booked in a month that no closing has signed, by the month in which events occurred.
select
    date_trunc('month', day::timestamp)::date as of_month, category, currency,
    count(*) as entries, sum(net) as net
from copq.booked_in(:plant, :month, 'infinity')
where not exists (
    select from copq.period as p
    join copq.closing as c on (c.plant, c.month, c.closing) = (p.plant, p.month, p.closings)
    where p.plant = :plant and p.month = :month and p.state <> 'open')
group by 1, 2, 3
order by 1, 2, 3

-- name: unfinished
-- The unfinished items of a plant between :start and :end, the edges of its :month. Once a
-- reporting currency is set, they include entries without an exchange rate: those of the month's
-- own days, and those of closed months that are booked in it. A stop that another report of the
-- same machine's stop has ended is not open.
select
    (select count(*) from copq.unpriced
    where plant = :plant and occurred_at >= :start and occurred_at < :end) as unpriced,
    (select count(*) from copq.correction
    where state = 'waiting' and plant = :plant and occurred_at >= :start and occurred_at < :end)
        as corrections,
    (select count(*) from copq.stop as o
    where ended_at is null and not voided and plant = :plant and started_at < :end
        and not exists (
            select from copq.stop as c
            where c.plant = o.plant and c.line = o.line and c.started_at = o.started_at
                and c.work_unit is not distinct from o.work_unit and c.ended_at is not null
                and not c.voided)) as stops,
    lacking.rates, lacking.rates_of
from (
    select
        coalesce(sum(entries), 0)::bigint as rates,
        coalesce(string_agg(
            currency || ' ' || first_day
                || case when first_day < last_day then ' to ' || last_day else '' end,
            ', ' order by currency), '') as rates_of
    from (
        select currency, sum(entries) as entries, min(day) as first_day, max(day) as last_day
        from (
            select currency, day, unconverted as entries
            from copq.rollup
            where grain = 'day' and plant = :plant and unconverted <> 0
                and day >= :month::date and day < :month::date + interval '1 month'
            union all
            select currency, day, 1
            from copq.ledger as l
            where plant = :plant and period = :month::date
                and period <> date_trunc('month', day::timestamp)::date
                and exchange_rate is null and reverses is null
                and not exists (
                    select from copq.ledger as r
                    where r.occurred_at = l.occurred_at and r.event_id = l.event_id
                        and r.reverses = l.entry_no)
        ) as by_day
        where exists (select from copq.reporting_currency)
        group by currency
    ) as by_currency
) as lacking
