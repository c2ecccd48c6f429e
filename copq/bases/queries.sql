-- name: add_base
-- Set a base of a plant and month, or of a product group in it.
insert into copq.base_amount
    (plant, month, base, grouping, product_group, amount, currency, set_by, source, why)
values
    (:plant, :month, :base, coalesce(:grouping::text, ''), coalesce(:group::text, ''), :amount,
        :currency, :set_by, :source, :why)

-- name: base_history
-- Every version of the bases of a plant, month and name (null: of all), the newest month first. The
-- last version of each counts.
select
    plant, month, base, nullif(grouping, '') as grouping, nullif(product_group, '') as "group",
    amount, currency, version, version = versions as is_newest, set_at, set_by, source, why
from (
    select
        *,
        row_number() over (
            partition by plant, month, base, grouping, product_group order by base_id) as version,
        count(*) over (partition by plant, month, base, grouping, product_group) as versions
    from copq.base_amount
    where (:plant::text is null or plant = :plant)
        and (:month::date is null or month = :month)
        and (:base::text is null or base = :base)
) as b
order by month desc, plant, base, b.grouping, b.product_group, version desc

-- name: bases_of_months
-- What counts for months in [start, end), and how often it was set: the last version, with :as_of
-- the last of that instant. With :first_reported it is what was there when the plant first closed
-- the month; where finance set the base only later, its first version. Bases are of whole plants, and
-- of the groups of :grouping.
select distinct on (plant, month, base, product_group)
    plant, month, base, product_group, amount, currency,
    count(*) over (partition by plant, month, base, product_group) as versions
from copq.base_amount
left join (select plant as of_plant, month as of_month, first_closed_at from copq.period) as p
    on of_plant = plant and of_month = month
cross join lateral (
    select :first_reported::boolean and coalesce(set_at > first_closed_at, false) as is_late
) as l
where base = any(:bases::text[])
    and (grouping = '' or grouping = :grouping)
    and month >= :start::date
    and (:end::date is null or month < :end)
    and set_at <= coalesce(:as_of::timestamptz, 'infinity')
order by plant, month, base, product_group, is_late, case when is_late then base_id else -base_id end

-- name: base_names
-- The names of all bases that were ever set.
select distinct base collate "C" as base from copq.base_amount order by 1

-- name: whole_plants
-- Those of these plants of which the reader sees all lines.
select plant from unnest(:plants::text[]) as p (plant)
where not row_security_active('copq.base_amount')
    or copq.sees_all()
    or plant = any(copq.plants_seen())
