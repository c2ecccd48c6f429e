-- name: changed_leaves
-- Failure cost by every recorded dimension in two windows of production days, :after_first to
-- :after_last and :before_first to :before_last, which lie between the instants :after_since and
-- :after_until, :before_since and :before_until; at most :limit rows. `squares` are sums of the
-- squares of the entries that stand: a reversal takes away the square of its entry.
with entry as (
    select
        currency, plant, line, product, stage, element, defect_code, work_unit, shift, supplier,
        net, case when reverses is null then 1 else -1 end as sign,
        day >= :after_first and day < :after_last as is_after
    from {{ledger}}
    where (occurred_at >= :after_since and occurred_at < :after_until
            and day >= :after_first and day < :after_last
        or occurred_at >= :before_since and occurred_at < :before_until
            and day >= :before_first and day < :before_last)
        and (:plant::text is null or plant = :plant)
        and (:line::text is null or line = :line)
        and (:product::text is null or product = :product)
        and category = any(:categories::text[])
)
select
    currency, plant, line, product, stage, element, defect_code, work_unit, shift, supplier,
    coalesce(sum(net) filter (where not is_after), 0) as before,
    coalesce(sum(net) filter (where is_after), 0) as after,
    coalesce(sum(sign * net * net) filter (where not is_after), 0)::float8 as squares_before,
    coalesce(sum(sign * net * net) filter (where is_after), 0)::float8 as squares_after,
    coalesce(sum(sign) filter (where not is_after), 0)::bigint as entries_before,
    coalesce(sum(sign) filter (where is_after), 0)::bigint as entries_after
from entry
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
having coalesce(sum(sign) filter (where is_after), 0) <> 0
    or coalesce(sum(sign) filter (where not is_after), 0) <> 0
    or coalesce(sum(net) filter (where is_after), 0) <> 0
    or coalesce(sum(net) filter (where not is_after), 0) <> 0
limit :limit

-- name: units_made
-- Units made by plant, line and product in two windows of production days, :after_first to
-- :after_last and :before_first to :before_last.
select
    currency, plant, line, nullif(product, '') as product,
    coalesce(sum(quantity) filter (where day >= :before_first and day < :before_last), 0) as before,
    coalesce(sum(quantity) filter (where day >= :after_first and day < :after_last), 0) as after
from {{rollup}}
where grain = 'day' and element = 'production'
    and (day >= :after_first and day < :after_last or day >= :before_first and day < :before_last)
    and (:plant::text is null or plant = :plant)
    and (:line::text is null or line = :line)
    and (:product::text is null or product = :product)
group by 1, 2, 3, 4
