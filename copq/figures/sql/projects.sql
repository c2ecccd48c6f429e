-- name: project_days
-- Entries of a plant on the production days from :first to :last, which lie between the instants
-- :since and :until; with :booked_until those booked until then. Part of the queries below.
    plant = :plant and occurred_at >= :since and occurred_at < :until
    and day >= :first and day < :last
    and (:booked_until::timestamptz is null or booked_at <= :booked_until)

-- name: in_scope
-- Losses with the names that a scope has. Each of :line to :supplier has the names that an entry may
-- have, an empty one for none; null: any. Part of the queries below.
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

-- name: plant_days_between
-- Entries of a plant on the production days from :first to :last, as in `project_days`, whenever they
-- were booked: `late` is the number of the instants :untils, in order, until which they were not booked
-- yet. Part of the queries below.
    select *, width_bucket(booked_at, :untils::timestamptz[]) as late
    from copq.ledger
    where plant = :plant and occurred_at >= :since and occurred_at < :until
        and day >= :first and day < :last

-- name: losses_and_output
-- What a plant lost on each production day, by the names that scopes filter by, with the number of
-- entries, and of those that nothing has taken back; and what it made: units that left a line, and their
-- cost at the booked rates. Names of the fields that are not in :by are left out. Each of :line to
-- :supplier has the names that a loss may have; null: any.
select
    day, late, currency, line, coalesce(product, '') as product, element, category,
    case when 'stage' = any(:by::text[]) then coalesce(stage, '') else '' end as stage,
    case when 'defect_code' = any(:by) then coalesce(defect_code, '') else '' end as defect_code,
    case when 'work_unit' = any(:by) then coalesce(work_unit, '') else '' end as work_unit,
    case when 'shift' = any(:by) then coalesce(shift, '') else '' end as shift,
    case when 'supplier' = any(:by) then coalesce(supplier, '') else '' end as supplier,
    sum(net) as net, sum(quantity) as units, sum(base) as base, count(*) as entries,
    2 * count(*) filter (where reverses is null) - count(*) as standing
from ({{plant_days_between}}) as own
where element = 'production' or {{in_scope}}
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12

-- name: hours_and_stops
-- What lines made in each hour of the plant, and for how long they stood still. Of :line, null: any.
select
    day, late, hour, line, coalesce(product, '') as product,
    coalesce(sum(quantity) filter (where element = 'production'), 0) as units,
    coalesce(sum(seconds) filter (where element <> 'production'), 0) as stopped,
    count(*) as entries
from ({{plant_days_between}}) as own
where element in ('production', 'downtime', 'planned_stop')
    and (:line::text[] is null or line = any(:line))
group by 1, 2, 3, 4, 5

-- name: project_entries
-- The standing entries of a scope on the production days from :first to :last; with :booked_until those
-- that stood then. The names as in `in_scope`.
select
    l.event_id, l.entry_no, l.occurred_at, l.day, l.plant, l.line, l.product, l.stage, l.work_unit,
    l.defect_code, l.shift, l.supplier, l.element, l.category, l.net, l.seconds, l.currency
from copq.ledger as l
where {{project_days}}
    and {{in_scope}}
    and l.reverses is null
    and not exists (
        select from copq.ledger as r
        where r.occurred_at = l.occurred_at and r.event_id = l.event_id
            and r.reverses = l.entry_no
            and (:booked_until::timestamptz is null or r.booked_at <= :booked_until))
order by l.occurred_at, l.event_id, l.entry_no
