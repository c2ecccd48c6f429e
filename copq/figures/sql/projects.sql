-- name: project_days
-- Entries of a plant on the production days from :first to :last, which lie between the instants
-- :since and :until; with :booked_until those booked until then. Part of the queries below.
    plant = :plant and occurred_at >= :since and occurred_at < :until
    and day >= :first and day < :last
    and (:booked_until::timestamptz is null or booked_at <= :booked_until)

-- name: project_losses
-- What a scope lost on each production day, by all names that a scope may filter by, with the number
-- of entries. Each of :line to :supplier has the names that an entry may have; null: any.
select
    day, currency, line, coalesce(product, '') as product, coalesce(stage, '') as stage, element,
    category, coalesce(defect_code, '') as defect_code, coalesce(work_unit, '') as work_unit,
    coalesce(shift, '') as shift, coalesce(supplier, '') as supplier,
    sum(net) as net, count(*) as entries
from copq.ledger
where {{project_days}}
    and category <> 'none'
    and (:line::text[] is null or line = any(:line))
    and (:product::text[] is null or coalesce(product, '') = any(:product))
    and (:stage::text[] is null or coalesce(stage, '') = any(:stage))
    and (:element::text[] is null or element = any(:element))
    and (:category::text[] is null or category = any(:category))
    and (:defect_code::text[] is null or coalesce(defect_code, '') = any(:defect_code))
    and (:work_unit::text[] is null or coalesce(work_unit, '') = any(:work_unit))
    and (:shift::text[] is null or coalesce(shift, '') = any(:shift))
    and (:supplier::text[] is null or coalesce(supplier, '') = any(:supplier))
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11

-- name: project_output
-- What lines made on each production day: units that left the line, and their cost at the booked
-- rates. Each of :line and :product has the names that an entry may have; null: any.
select
    day, line, coalesce(product, '') as product, sum(quantity) as units, sum(base) as base,
    count(*) as entries
from copq.ledger
where {{project_days}}
    and element = 'production'
    and (:line::text[] is null or line = any(:line))
    and (:product::text[] is null or coalesce(product, '') = any(:product))
group by 1, 2, 3

-- name: project_hours
-- What lines made in each hour of the plant, and for how long they stood still. :line as above.
select
    day, hour, line, coalesce(product, '') as product,
    coalesce(sum(quantity) filter (where element = 'production'), 0) as units,
    coalesce(sum(seconds) filter (where element <> 'production'), 0) as stopped,
    count(*) as entries
from copq.ledger
where {{project_days}}
    and element in ('production', 'downtime', 'planned_stop')
    and (:line::text[] is null or line = any(:line))
group by 1, 2, 3, 4
