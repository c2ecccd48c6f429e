-- name: lines
-- Lines with events; those with the greatest production or cost since the day :since first; at most
-- :limit.
select h.plant, h.line
from copq.line_heard as h
left join (
    select plant, line, sum(abs(net)) + sum(base) as weight
    from copq.rollup
    where grain = 'month' and day >= :since
    group by plant, line
) as r using (plant, line)
order by r.weight desc nulls last, h.plant, h.line
limit :limit

-- name: pairs
-- Lines with their products; those with the greatest production or cost since the day :since first;
-- at most :limit.
select plant, line, product
from copq.rollup
where grain = 'month' and day >= :since
group by plant, line, product
order by sum(abs(net)) + sum(base) desc, plant, line, product
limit :limit

-- name: known_names
-- The first :limit lines or products (:kind) with figures, of a plant or of all plants, and the
-- number of all.
select name, count(*) over () as known
from (
    select distinct case :kind::text when 'line' then line else product end as name
    from copq.rollup
    where grain = 'month' and (:plant::text is null or plant = :plant)
) as names
where name > ''
order by name collate "C"
limit :limit

-- name: has_name
-- Whether the line or product (:kind) named :name has figures in a plant, or in any plant.
select exists (
    select from copq.rollup
    where grain = 'month' and (:plant::text is null or plant = :plant)
        and case :kind::text when 'line' then line else product end = :name)

-- name: detail
-- The column of an entry that :column names: a part of `has_detail` and `known_details`.
case :column::text
    when 'stage' then stage when 'defect_code' then defect_code when 'shift' then shift
    when 'supplier' then supplier else work_unit
end

-- name: has_detail
-- Whether an entry of a plant and line has the name :name in the column :column.
select exists (
    select from copq.ledger
    where (:plant::text is null or plant = :plant)
        and (:line::text is null or line = :line)
        and {{detail}} = :name::text)

-- name: known_details
-- The first :limit stages, defect codes, machines, shifts or suppliers (:column) of entries of a
-- plant and line :line, and the number of all.
select name, count(*) over () as known
from (
    select distinct {{detail}} as name
    from copq.ledger
    where (:plant::text is null or plant = :plant) and (:line::text is null or line = :line)
) as names
where name > ''
order by name collate "C"
limit :limit

-- name: has_function
-- Whether an event of a plant and line names the function :name.
select exists (
    select from copq.event_problem
    where (:plant::text is null or plant = :plant)
        and (:line::text is null or line = :line)
        and function = :name::text)

-- name: known_functions
-- The first :limit functions that events of a plant and line name, and the number of all.
select name, count(*) over () as known
from (
    select distinct function as name
    from copq.event_problem
    where (:plant::text is null or plant = :plant) and (:line::text is null or line = :line)
        and function is not null
) as names
order by name collate "C"
limit :limit
