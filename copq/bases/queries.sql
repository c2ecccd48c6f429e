-- name: add_base
-- Set a base of a plant and month.
insert into copq.base_amount (plant, month, base, amount, currency, set_by, source, why)
values (:plant, :month, :base, :amount, :currency, :set_by, :source, :why)

-- name: base_history
-- Every version of the bases of a plant, month and name (null: of all), the newest month first. The
-- last version of each counts.
select
    plant, month, base, amount, currency, version, version = versions as is_newest, set_at, set_by,
    source, why
from (
    select
        *,
        row_number() over (partition by plant, month, base order by base_id) as version,
        count(*) over (partition by plant, month, base) as versions
    from copq.base_amount
    where (:plant::text is null or plant = :plant)
        and (:month::date is null or month = :month)
        and (:base::text is null or base = :base)
) as b
order by month desc, plant, base, version desc

-- name: bases_of_months
-- What counts for months in [start, end), and how often it was set.
select distinct on (plant, month, base)
    plant, month, base, amount, currency,
    count(*) over (partition by plant, month, base) as versions
from copq.base_amount
where base = any(:bases::text[])
    and month >= :start::date
    and (:end::date is null or month < :end)
order by plant, month, base, base_id desc

-- name: base_names
-- The names of all bases that were ever set.
select distinct base collate "C" as base from copq.base_amount order by 1

-- name: whole_plants
-- Those of these plants of which the reader sees all lines.
select plant from unnest(:plants::text[]) as p (plant)
where not row_security_active('copq.base_amount')
    or copq.sees_all()
    or plant = any(copq.plants_seen())
