-- name: lock_projects
-- Whether no other process is measuring projects; until this connection unlocks it.
select pg_try_advisory_lock(hashtextextended('copq.projects', 0))

-- name: unlock_projects
-- Let others measure projects.
select pg_advisory_unlock(hashtextextended('copq.projects', 0))

-- name: changed
-- The production days of projects that may have changed: those of the baseline of each that were not read
-- yet, and those from its start to its end on which its plant has other entries than when they were read.
-- All are read again where other projects share their losses. :projects is a JSON array. Part of the queries
-- below.
from jsonb_to_recordset(:projects::jsonb) as own (
    project bigint, sharing bigint[], baseline_first date, baseline_last date, starts date, ends date)
join copq.summary_day as d
    on d.day between own.baseline_first and own.baseline_last or d.day between own.starts and own.ends
left join copq.project_day as p on p.project = own.project and p.day = d.day
where d.plant = :plant
    and (p.sharing is distinct from own.sharing
        or d.day between own.starts and own.ends and p.plant_entries is distinct from d.entries)

-- name: changed_days
-- The production days that may have changed, of any project.
select distinct d.day {{changed}} order by 1

-- name: changed_project_days
-- Those from :first to :last, with the number of entries that each followed from. It is known where the
-- same projects share its losses.
select d.day, own.project, p.entries, p.sharing is not distinct from own.sharing as is_known
{{changed}}
    and d.day >= :first and d.day < :last
order by d.day, own.project

-- name: plant_inputs
-- What the figures of each plant's projects follow from: each part only grows, so where they are the
-- same nothing is computed again.
select
    plant, count(*) as days, sum(entries) as entries,
    (select count(*) from copq.project_freeze) as approved,
    (select count(*) from copq.project_step) as steps,
    (select count(*) from copq.project_decision) as decisions,
    (select count(*) from copq.project_share) as shares
from copq.summary_day
group by plant

-- name: plant_days
-- How many entries a plant has on each production day from :first to :last.
select day, entries from copq.summary_day where plant = :plant and day >= :first and day < :last

-- name: last_plant_day
-- The last production day on which a plant has entries.
select max(day) from copq.summary_day where plant = :plant

-- name: remember_days
-- These days of projects have not changed, though others of the plant have.
update copq.project_day as p
set plant_entries = d.entries
from unnest(:projects::bigint[], :days::date[]) as same (project, day)
join copq.summary_day as d on d.plant = :plant and d.day = same.day
where p.project = same.project and p.day = same.day

-- name: remove_days
-- Take days of projects away that are read again, with their cells.
delete from copq.project_day as p
using unnest(:projects::bigint[], :days::date[]) as old (project, day)
where p.project = old.project and p.day = old.day

-- name: add_project_day
-- Keep a production day of a project.
insert into copq.project_day (
    project, day, entries, plant_entries, left_as_booked, other_currencies, sharing, computed_at)
values (
    :project, :day, :entries, :plant_entries, :left_as_booked, :other_currencies, :sharing,
    clock_timestamp())

-- name: add_project_cell
-- Keep a cell of a production day.
insert into copq.project_cell (
    project, day, line, product, others, booked, at_frozen_rates, exposure)
values (:project, :day, :line, :product, :others, :booked, :at_frozen_rates, :exposure)

-- name: keep_project_entry
-- Keep what an entry costs at the frozen rates of a project, before the bytes of its event are dropped.
insert into copq.project_entry (project, occurred_at, event_id, element, net, recovered, seconds)
values (:project, :occurred_at, :event_id, :element, :net, :recovered, :seconds)
on conflict do nothing

-- name: kept_entries
-- What entries of projects cost at their frozen rates, where the bytes of their events were dropped.
select project, event_id, element, net, recovered, seconds
from copq.project_entry
where project = any(:projects::bigint[]) and occurred_at >= :since and occurred_at < :until

-- name: changed_months
-- The months of projects whose bridge follows from something else than when it was computed, with what it
-- follows from, as text: its days and those of the projects that share its losses, their baselines, and
-- what was decided. Each part only grows, or says when it was read; so where the text is the same, the
-- bridge is. :projects is a JSON array: of each project its :months, in :sharing itself and those that
-- share its losses, in order, and in :steps how many steps of these the caller knows. Of all projects of the
-- plant, :baselines has the last day of the baseline.
with asked as (
    select *
    from jsonb_to_recordset(:projects::jsonb) as asked (project bigint, months date[], sharing bigint[], steps integer)
), own as (
    select asked.project as of_project, one.project
    from asked cross join unnest(asked.sharing) as one (project)
), baseline as (
    select * from jsonb_to_recordset(:baselines::jsonb) as baseline (project bigint, last date)
), kept as (
    select
        project, date_trunc('month', day::timestamp)::date as month, count(*) as days,
        max(computed_at) as computed_at,
        count(*) filter (where day <= last) as of_baseline,
        max(computed_at) filter (where day <= last) as baseline_at
    from copq.project_day join baseline using (project)
    group by 1, 2
), baseline_kept as (
    select of_project, sum(of_baseline) as days, max(baseline_at) as computed_at
    from own join kept using (project)
    group by 1
), month_kept as (
    select of_project, month, sum(days) as days, max(computed_at) as computed_at
    from own join kept using (project)
    group by 1, 2
), decisions as (
    select project, count(*) as number from copq.project_decision group by 1
), decided as (
    select of_project, coalesce(sum(decisions.number), 0) as decisions
    from own left join decisions using (project)
    group by 1
), now as (
    select
        asked.project, m.month,
        concat_ws(
            '/', decided.decisions, asked.steps,
            (select count(*) from copq.project_share where plant = :plant),
            coalesce(b.days, 0) || ' ' || coalesce(b.computed_at::text, ''), asked.sharing::text,
            coalesce(k.days, 0) || ' ' || coalesce(k.computed_at::text, '')) as inputs
    from asked
    cross join unnest(asked.months) as m (month)
    join decided on decided.of_project = asked.project
    left join baseline_kept as b on b.of_project = asked.project
    left join month_kept as k on k.of_project = asked.project and k.month = m.month
)
select now.project, now.month, now.inputs
from now
left join copq.project_month_inputs as i using (project, month)
where now.inputs is distinct from i.inputs
order by now.project, now.month

-- name: keep_month_inputs
-- Remember what the bridge of a month was computed from.
insert into copq.project_month_inputs (project, month, inputs)
values (:project, :month, :inputs)
on conflict (project, month) do update set inputs = excluded.inputs

-- name: cells_of_days
-- The cells of projects, by production day, from :first to :last.
select project, day, line, product, others, booked, at_frozen_rates, exposure
from copq.project_cell
where project = any(:projects::bigint[]) and day between :first and :last
order by day

-- name: cells_of_baseline
-- The sums of a project's cells from :first to :last.
select
    line, product, others, sum(booked) as booked, sum(at_frozen_rates) as at_frozen_rates,
    sum(exposure) as exposure
from copq.project_cell
where project = :project and day between :first and :last
group by 1, 2, 3

-- name: days_read
-- What is known of the days of a project next to their cells, in the spans from each of :firsts to
-- that of :lasts.
with own as (
    select d.*
    from copq.project_day as d
    join unnest(:firsts::date[], :lasts::date[]) as span (first, last)
        on d.day between span.first and span.last
    where d.project = :project
)
select
    count(*) as days, coalesce(sum(left_as_booked), 0)::int as left_as_booked,
    coalesce((select array_agg(distinct currency order by currency)
        from own as o cross join unnest(o.other_currencies) as currency), '{}') as other_currencies
from own

-- name: newest_months
-- The newest version of each month of a project.
select distinct on (month) *
from copq.project_month
where project = :project
order by month, version desc

-- name: first_reported_months
-- The version of each month of a project that was the newest when the month was first closed, else
-- the first after that; no row for a month that was never closed.
select distinct on (m.month) m.*
from copq.project_month as m
join copq.project as p using (project)
join copq.period as c on c.plant = p.plant and c.month = m.month
where m.project = :project
order by
    m.month, m.computed_at <= c.first_closed_at desc,
    case when m.computed_at <= c.first_closed_at then -m.version else m.version end

-- name: add_month
-- Add a version of a month's bridge.
insert into copq.project_month (
    project, month, version, days, baseline, actual, volume, mix, rates, non_routine,
    without_baseline, performance, gross, net, low, high, is_demonstrated, left_as_booked)
values (
    :project, :month, :version, :days, :baseline, :actual, :volume, :mix, :rates, :non_routine,
    :without_baseline, :performance, :gross, :net, :low, :high, :is_demonstrated, :left_as_booked)

-- name: add_month_without
-- Add a version of a month that can no longer be compared, for this reason.
insert into copq.project_month (project, month, version, reason)
values (:project, :month, :version, :reason)

-- name: of_kept_days
-- Kept production days of projects, those of :month alone if it is given; :share and :seed select some of
-- them, as in `verify_entries`. Part of the queries below.
from copq.project_day
where project = any(:projects::bigint[])
    and (:month::date is null or day >= :month::date and day < :month::date + interval '1 month')
    and (:share::int is null
        or mod(hashtextextended(project || ' ' || day, :seed) & 1073741823, 10000) < :share)

-- name: kept_days
-- The production days that are kept of some project.
select distinct day {{of_kept_days}} order by 1

-- name: kept_project_days
-- The kept days of projects from :first to :last.
select project, day, entries, sharing {{of_kept_days}}
    and day >= :first and day < :last
order by day, project

-- name: cells_of_window
-- The kept cells of projects on the production days from :first to :last.
select project, day, line, product, others, booked, at_frozen_rates, exposure
from copq.project_cell
where project = any(:projects::bigint[]) and day >= :first and day < :last

-- name: add_verdict
-- Add what the tests of a project's days say, unless it is what they said last.
insert into copq.project_verdict (project, until, is_proven, status, is_provisional, figures)
select :project, :until, :is_proven, :status, :is_provisional, :figures
where not exists (
    select from (
        select until, is_proven, status, is_provisional, figures
        from copq.project_verdict
        where project = :project
        order by number desc
        limit 1) as newest
    where (newest.until, newest.is_proven, newest.status, newest.is_provisional, newest.figures)
        is not distinct from (
            :until::date, :is_proven::boolean, :status::text, :is_provisional::boolean,
            :figures::jsonb))

-- name: evidence_inputs
-- What the verdicts of :projects follow from, as text: the days of each, those of its baseline up to that of
-- :baseline_lasts and those from that of :starts to :last; and what was decided, with how many :steps of
-- each the caller knows. Next to it what was tested last, and when.
with asked as (
    select *
    from unnest(:projects::bigint[], :starts::date[], :baseline_lasts::date[], :steps::integer[])
        as asked (project, starts, baseline_last, steps)
), kept as (
    select project, count(*) || ' ' || max(computed_at) as days
    from copq.project_day join asked using (project)
    where day between starts and :last or day <= baseline_last
    group by 1
), decisions as (
    select project, count(*) as number from copq.project_decision group by 1
)
select
    project, coalesce(kept.days, '0 ') as days,
    concat_ws('/', coalesce(decisions.number, 0), asked.steps) as decided,
    i.days as tested_days, i.decided as tested_decided, i.day as tested_on
from asked
left join kept using (project)
left join decisions using (project)
left join copq.project_evidence as i using (project)

-- name: kept_placebo
-- The comparison of a project with other scopes, as it was made last.
select statistics -> 'placebo' from copq.project_evidence where project = :project

-- name: keep_evidence
-- Keep what the tests of a project's days say, what it was computed from, and on which day.
insert into copq.project_evidence (project, day, days, decided, computed_at, statistics)
values (:project, :day, :days, :decided, clock_timestamp(), :statistics)
on conflict (project) do update
    set day = excluded.day, days = excluded.days, decided = excluded.decided,
        computed_at = excluded.computed_at, statistics = excluded.statistics

-- name: newest_evidence
-- What the tests of a project's days say, with its newest verdict.
select e.day, e.computed_at, e.statistics, v.until, v.is_proven, v.status, v.is_provisional, v.figures
from copq.project_evidence as e
left join lateral (
    select until, is_proven, status, is_provisional, figures
    from copq.project_verdict
    where project = e.project
    order by number desc
    limit 1) as v on true
where e.project = :project

-- name: leaves_of_losses
-- The combinations of names that a plant has losses of in a currency.
select
    leaf, line, product, stage, element, category, defect_code, work_unit, shift, supplier
from copq.summary_leaf
where plant = :plant and currency = :currency and category <> 'none'

-- name: leaf_sums
-- What each combination lost in the months that begin from :first to :last.
select leaf, sum(net)::float8 as net
from copq.summary
where grain = 'month' and day between :first and :last and plant = :plant
group by leaf

-- name: of_both_windows
-- The production days of a baseline and those since a start. Part of the queries below.
s.grain = 'day'
    and (s.day between :baseline_first and :baseline_last or s.day between :starts and :last)

-- name: losses_of_scopes
-- The losses of scopes by production day, line and product. Each of the :leaves belongs to the scope with
-- the number in its place in :numbers.
select
    w.number, s.day, s.line, l.product, sum(s.net)::float8 as net, sum(s.entries)::int8 as entries
from unnest(:leaves::bigint[], :numbers::int[]) as w (leaf, number)
join copq.summary_leaf as l using (leaf)
join copq.summary as s using (leaf)
where s.leaf = any(:leaves::bigint[]) and {{of_both_windows}}
group by 1, 2, 3, 4

-- name: units_of_places
-- What a plant made by production day, line and product.
select s.day, s.line, l.product, sum(s.quantity)::float8 as units
from copq.summary_leaf as l
join copq.summary as s using (leaf)
where l.plant = :plant and l.element = 'production' and {{of_both_windows}}
group by 1, 2, 3
