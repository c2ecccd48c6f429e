-- name: add_member
-- Put a product into a group of a grouping from a production day on.
insert into copq.group_member
    (plant, grouping, product, product_group, effective_from, set_by, source, why)
values
    (:plant, :grouping, :product, :product_group, :effective_from, :set_by, :source, :why)

-- name: member_history
-- Every version of the members of groups of a plant, grouping, group and product (null: of all), in
-- the order of names and days. The last version of each day counts.
select
    plant, grouping, product, product_group, effective_from, version, version = versions as is_newest,
    set_at, set_by, source, why
from (
    select
        *,
        row_number() over (
            partition by plant, grouping, product, effective_from order by member_id) as version,
        count(*) over (partition by plant, grouping, product, effective_from) as versions
    from copq.group_member
    where (:plant::text is null or plant = :plant)
        and (:grouping::text is null or grouping = :grouping)
        and (:product::text is null or product = :product)
) as m
where :product_group::text is null or product_group = :product_group
order by
    plant collate "C", grouping collate "C", product collate "C", effective_from desc, version desc

-- name: groupings
-- The groupings of a plant, or of all plants.
select distinct grouping collate "C" as grouping
from copq.group_member
where :plant::text is null or plant = :plant
order by 1

-- name: groups_of_grouping
-- The groups that a grouping has ever had in a plant, or in all plants.
select distinct product_group collate "C" as product_group
from copq.group_member
where grouping = :grouping and (:plant::text is null or plant = :plant)
order by 1

-- name: groups_on
-- The products of a plant, or of all plants, that are in a group on a production day.
select plant, product, product_group
from copq.group_days
where grouping = :grouping and first_day <= :day and last_day > :day
    and (:plant::text is null or plant = :plant)

-- name: member_days
-- The production days [first_day, last_day) of each product in a group, of a plant or of all plants.
select plant, product, product_group, first_day, last_day
from copq.group_days
where grouping = :grouping and (:plant::text is null or plant = :plant)

-- name: groups_change
-- Whether a product comes into a group or leaves one after the day :first and before :last.
select exists (
    select from copq.group_days
    where grouping = :grouping and (:plant::text is null or plant = :plant)
        and (first_day > :first and first_day < :last or last_day > :first and last_day < :last))

-- name: groups_of_days
-- The group of each product on each production day, in the order of the lists.
select copq.group_of(plant, :grouping, product, day) as product_group
from unnest(:plants::text[], :products::text[], :days::date[])
    with ordinality as each (plant, product, day, number)
order by number
