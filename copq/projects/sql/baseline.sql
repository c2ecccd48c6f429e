-- name: of_baseline
-- Entries of a plant on the production days from :first to :last. Part of the queries below. No
-- production day of a plant begins more than two days from its date.
    plant = :plant and day between :first and :last
    and occurred_at >= :first::date - interval '2 days'
    and occurred_at < :last::date + interval '3 days'

-- name: in_scope
-- Losses whose names a scope has; null filters nothing. Part of the queries below.
    category <> 'none'
    and (:line::text[] is null or line = any(:line))
    and (:product::text[] is null or coalesce(product, '') = any(:product))
    and (:stage::text[] is null or coalesce(stage, '') = any(:stage))
    and (:element::text[] is null or element = any(:element))
    and (:category::text[] is null or category = any(:category))
    and (:defect_code::text[] is null or coalesce(defect_code, '') = any(:defect_code))
    and (:work_unit::text[] is null or coalesce(work_unit, '') = any(:work_unit))
    and (:shift::text[] is null or coalesce(shift, '') = any(:shift))
    and (:supplier::text[] is null or coalesce(supplier, '') = any(:supplier))

-- name: baseline_counts
-- How many losses of the baseline a scope has, and how many the whole plant.
select count(*) filter (where {{in_scope}}) as in_scope, count(*) as of_plant
from copq.ledger
where {{of_baseline}} and category <> 'none'

-- name: baseline_names
-- The names of the plant's losses in the baseline, by the fields that a scope may have. Losses with the same
-- names are put together first: sorts of all losses take long.
with named as (
    select distinct
        line, coalesce(product, '') as product, coalesce(stage, '') as stage, element, category,
        coalesce(defect_code, '') as defect_code, coalesce(work_unit, '') as work_unit,
        coalesce(shift, '') as shift, coalesce(supplier, '') as supplier
    from copq.ledger
    where {{of_baseline}} and category <> 'none'
)
select
    array_agg(distinct line) as line, array_agg(distinct product) as product,
    array_agg(distinct stage) as stage, array_agg(distinct element) as element,
    array_agg(distinct category) as category, array_agg(distinct defect_code) as defect_code,
    array_agg(distinct work_unit) as work_unit, array_agg(distinct shift) as shift,
    array_agg(distinct supplier) as supplier
from named

-- name: baseline_entries
-- The number of entries, booked until :until, that a baseline follows from, and a digest of them: the
-- losses of the scope, what its lines made, and their stops.
select
    count(*) as entries,
    encode(sha256(coalesce(string_agg(
        sha256(convert_to(json_build_array(
            event_id, entry_no, extract(epoch from occurred_at), extract(epoch from booked_at),
            reverses, line, product, stage, work_unit, defect_code, shift, supplier, element,
            category, quantity, gross, recovered, allowed, net, seconds, base, good, ungraded,
            currency, rate_version, labour_version, line_version, day)::text, 'UTF8')),
        ''::bytea order by event_id, entry_no, occurred_at), ''::bytea)), 'hex') as sha256
from copq.ledger
where {{of_baseline}} and booked_at <= :until
    and (({{in_scope}})
        or (element in ('production', 'downtime', 'planned_stop')
            and (:line::text[] is null or line = any(:line))))

-- name: clock
-- The server's clock, which stamps bookings.
select clock_timestamp()

-- name: hold_bookings
-- Let no batch be booked until `free_bookings`: the instant between is a clear cut of the ledger.
select pg_advisory_lock(hashtextextended('copq.booking', 0))

-- name: free_bookings
-- See `hold_bookings`.
select pg_advisory_unlock(hashtextextended('copq.booking', 0))

-- name: hold_project_apart
-- As `hold_project`, apart from transactions, until `free_project`.
select pg_advisory_lock(hashtextextended('copq.project/' || :project::bigint, 0))

-- name: free_project
-- See `hold_project_apart`.
select pg_advisory_unlock(hashtextextended('copq.project/' || :project::bigint, 0))

-- name: add_freeze
-- Freeze a project.
insert into copq.project_freeze (
    project, plan, revision, rates_at, booked_until, currency, evidence, sha256, frozen_by)
values (
    :project, :plan, :revision, :rates_at, :booked_until, :currency, :evidence, :sha256, :by)

-- name: add_promise
-- Freeze what a project promises of a month.
insert into copq.project_promise (project, month, type, amount)
values (:project, :month, :type, :amount)
