-- name: group_join
-- The group of a row's product in :grouping on the row's production day. Not placed where no
-- question is about groups.
left join (
    select
        plant as group_plant, product as group_product, product_group, first_day as group_from,
        last_day as group_until
    from copq.group_days
    where grouping = :grouping
) as member
    on group_plant = plant and group_product = product and day >= group_from and day < group_until

-- name: product_group
-- The group of a row that `group_join` has joined.
coalesce(product_group, 'no group')

-- name: in_group
-- Whether a row is of the group :group, if one is asked for.
(:group::text is null or {{product_group}} = :group)
