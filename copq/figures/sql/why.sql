-- name: changed_leaves
-- Failure cost by every recorded dimension in two windows of production days, :after_first to
-- :after_last and :before_first to :before_last; at most :limit rows. Of what the summary has, they are
-- the sums of the :grains that begin on the :days, each added to or, of :are_added, subtracted from the
-- window that :are_after says. What the summary lacks is in the ledger (`not_summed`). The digits of an
-- amount are those that it has, whatever else was added and subtracted.
-- `squares` are sums of the squares of the entries that stand: a reversal takes away the square of
-- its entry. With :by_attributes losses are by the attributes that :declared names. With :converted all
-- money is in the reporting currency.
with part as materialized (
    select *
    from unnest(:grains::text[], :days::date[], :are_added::bool[], :are_after::bool[])
        as part (grain, day, is_added, is_after)
), held as materialized (
    select
        leaf,
        sum(net) filter (where not is_after) as before,
        sum(net) filter (where is_after) as after,
        sum(squares) filter (where not is_after) as squares_before,
        sum(squares) filter (where is_after) as squares_after,
        sum(entries) filter (where not is_after) as entries_before,
        sum(entries) filter (where is_after) as entries_after
    from (
        select
            s.leaf, part.is_after, case when is_added then s.entries else - s.entries end as entries,
            case when is_added then own.net else - own.net end as net,
            case when is_added then own.squares else - own.squares end as squares
        from part
        join copq.summary as s using (grain, day)
        cross join lateral (
            select
                case when :converted then s.reporting_net else s.net end as net,
                case when :converted then s.reporting_squares else s.squares end as squares
        ) as own
        where :until::bigint > 0 and (:plant::text is null or s.plant = :plant)
            and (:line::text is null or s.line = :line)
    ) as found
    group by 1
), {{entry}}, summed as (
    select
        currency, plant, line, nullif(product, '') as product, nullif(stage, '') as stage, element,
        nullif(defect_code, '') as defect_code, nullif(work_unit, '') as work_unit,
        nullif(shift, '') as shift, nullif(supplier, '') as supplier,
        case when :by_attributes then attributes else '{}' end as attributes,
        before, after, squares_before, squares_after, entries_before, entries_after
    from held
    join copq.summary_leaf using (leaf)
    where category = any(:categories::text[]) and (:product::text is null or product = :product)
    union all
    select
        currency, plant, line, product, stage, element, defect_code, work_unit, shift, supplier,
        case when :by_attributes then attributes else '{}' end,
        sum(net) filter (where not is_after), sum(net) filter (where is_after),
        sum(sign * net * net) filter (where not is_after),
        sum(sign * net * net) filter (where is_after),
        sum(sign) filter (where not is_after), sum(sign) filter (where is_after)
    from entry
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
)
select
    case when :converted then (select r.currency from copq.reporting_currency as r) else currency end
        as currency,
    plant, line, product, stage, element, defect_code, work_unit, shift, supplier, attributes,
    trim_scale(coalesce(sum(before), 0)) as before,
    trim_scale(coalesce(sum(after), 0)) as after,
    coalesce(sum(squares_before), 0)::float8 as squares_before,
    coalesce(sum(squares_after), 0)::float8 as squares_after,
    coalesce(sum(entries_before), 0)::bigint as entries_before,
    coalesce(sum(entries_after), 0)::bigint as entries_after
from summed
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
having (coalesce(sum(before), 0), coalesce(sum(after), 0),
        coalesce(sum(entries_before), 0), coalesce(sum(entries_after), 0)) <> (0, 0, 0, 0)
limit :limit

-- name: production_of_windows
-- Production of two windows of production days, :after_first to :after_last and :before_first to
-- :before_last. Part of `units_made` and `units_by_day`.
from {{rollup}}
where grain = 'day' and element = 'production'
    and (day >= :after_first and day < :after_last or day >= :before_first and day < :before_last)
    and (:plant::text is null or plant = :plant)
    and (:line::text is null or line = :line)
    and (:product::text is null or product = :product)

-- name: units_made
-- Units made by plant, line and product in two windows of production days, :after_first to
-- :after_last and :before_first to :before_last.
select
    currency, plant, line, nullif(product, '') as product,
    coalesce(sum(quantity) filter (where day >= :before_first and day < :before_last), 0) as before,
    coalesce(sum(quantity) filter (where day >= :after_first and day < :after_last), 0) as after
{{production_of_windows}}
group by 1, 2, 3, 4

-- name: not_summed
-- Whether the summary lacks an entry l: it is of a transaction from :horizon on, and not, before :until,
-- one that occurred before :occurred_before. Part of `entry`.
booked_at >= :booked_since and {{written}} >= :horizon
    and ({{written}} >= :until or occurred_at >= :occurred_before)

-- name: written
-- The number of the transaction that wrote an entry l: 64 bits from the 32 of xmin.
(:newest::bigint - ((:newest - l.xmin::text::bigint) & 4294967295))

-- name: entry
-- The entries that the summary lacks, of two windows. They lie between the instants :after_since and
-- :after_until, :before_since and :before_until. Part of `changed_leaves` and `cause_entries`.
entry as (
    select
        day, currency, plant, line, product, stage, element, defect_code, work_unit, shift, supplier,
        case when :by_attributes and :declared::jsonb ? plant
            then copq.attributes_of(event_id, plant, :declared::jsonb -> plant)
            else '{}' end as attributes,
        case when :converted then coalesce(net * exchange_rate, 0) else net end as net,
        case when reverses is null then 1 else -1 end as sign,
        day >= :after_first and day < :after_last as is_after
    from copq.ledger as l
    where {{not_summed}}
        and (occurred_at >= :after_since and occurred_at < :after_until
                and day >= :after_first and day < :after_last
            or occurred_at >= :before_since and occurred_at < :before_until
                and day >= :before_first and day < :before_last)
        and (:plant::text is null or plant = :plant)
        and (:line::text is null or line = :line)
        and (:product::text is null or product = :product)
        and category = any(:categories::text[])
)

-- name: filters
-- The columns of filters in JSON; null where losses may have any name. Part of `causes`.
(plant text, line text, product text, stage text, element text, defect_code text, work_unit text,
    shift text, supplier text, "group" text, currency text, attributes jsonb)

-- name: is_own
-- Whether the losses of n are those of a cause c. Part of `cause_leaves` and
-- `cause_entries`.
(n.plant, n.line, n.product, n.stage, n.element, n.defect_code, n.work_unit, n.shift, n.supplier,
    n."group", n.currency) = (
    coalesce(c.plant, n.plant), coalesce(c.line, n.line), coalesce(c.product, n.product),
    coalesce(c.stage, n.stage), coalesce(c.element, n.element),
    coalesce(c.defect_code, n.defect_code), coalesce(c.work_unit, n.work_unit),
    coalesce(c.shift, n.shift), coalesce(c.supplier, n.supplier), coalesce(c."group", n."group"),
    coalesce(c.currency, n.currency))
    and n.attributes @> coalesce(c.attributes, '{}')
    and not exists (
        select from jsonb_to_recordset(c.besides) as o {{filters}}
        where (n.plant, n.line, n.product, n.stage, n.element, n.defect_code, n.work_unit, n.shift,
                n.supplier, n."group", n.currency) = (
                coalesce(o.plant, n.plant), coalesce(o.line, n.line),
                coalesce(o.product, n.product), coalesce(o.stage, n.stage),
                coalesce(o.element, n.element), coalesce(o.defect_code, n.defect_code),
                coalesce(o.work_unit, n.work_unit), coalesce(o.shift, n.shift),
                coalesce(o.supplier, n.supplier), coalesce(o."group", n."group"),
                coalesce(o.currency, n.currency))
            and n.attributes @> coalesce(o.attributes, '{}'))

-- name: causes
-- Of :causes, `filters` select the losses, an empty text those without a name; what one of `besides`
-- selects too is another cause's. :group_plants, :group_products and :groups are the products that are
-- in a group. Part of `cause_leaves` and `cause_entries`.
member as materialized (
    select *
    from unnest(:group_plants::text[], :group_products::text[], :groups::text[])
        as given (plant, product, product_group)
), cause as materialized (
    select number - 1 as number, named.*, value -> 'besides' as besides
    from jsonb_array_elements(:causes::jsonb) with ordinality as given (value, number)
    cross join lateral jsonb_to_record(value -> 'filters') as named {{filters}}
)

-- name: cause_leaves
-- The leaves of the summary that are each cause's, by plant, line and product. :no_attributes has an
-- empty text for each attribute that the causes may name.
with {{causes}}
select c.number, n.plant, n.line, nullif(n.product, '') as product, n.leaf
from (
    select
        l.leaf, l.category, l.currency, l.plant, l.line, l.product, l.stage, l.element,
        l.defect_code, l.work_unit, l.shift, l.supplier,
        :no_attributes::jsonb || l.attributes as attributes,
        coalesce(m.product_group, 'no group') as "group"
    from copq.summary_leaf as l
    left join member as m using (plant, product)
) as n
join cause as c on {{is_own}}
where :until::bigint > 0 and n.category = any(:categories::text[])

-- name: day_sums
-- The sums of :leaves of production days. Part of `cause_days`, which says which days: it asks for each
-- window by itself, since Postgres reads the sums of all years where it may be one or the other.
select leaf, day, case when :converted then reporting_net else net end as net
from copq.summary
where grain = 'day' and leaf = any(:leaves::bigint[])

-- name: cause_days
-- The sums of :leaves in each of their :places on each of the `days` of two windows, :after_first to
-- :after_last and :before_first to :before_last. The leaves are parameters, so that Postgres knows how
-- many they are.
select place, array_agg(day) as days, array_agg(net) as net
from (
    select own.place, s.day, sum(s.net) as net
    from (
        {{day_sums}} and day >= :before_first and day < :before_last
        union all
        {{day_sums}} and day >= :after_first and day < :after_last
    ) as s
    join unnest(:leaves::bigint[], :places::int[]) as own (leaf, place) using (leaf)
    group by 1, 2
) as by_day
group by 1

-- name: cause_entries
-- The losses of each cause that the summary lacks, by production day, plant, line and product.
with {{causes}}, {{entry}}, named as (
    select
        day, currency, plant, line, coalesce(product, '') as product,
        coalesce(stage, '') as stage, element, coalesce(defect_code, '') as defect_code,
        coalesce(work_unit, '') as work_unit, coalesce(shift, '') as shift,
        coalesce(supplier, '') as supplier, :no_attributes::jsonb || attributes as attributes,
        sum(net) as net
    from entry
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
)
select
    c.number, n.day, n.plant, n.line, nullif(n.product, '') as product, sum(n.net) as net
from (
    select e.*, coalesce(m.product_group, 'no group') as "group"
    from named as e
    left join member as m using (plant, product)
) as n
join cause as c on {{is_own}}
group by 1, 2, 3, 4, n.product

-- name: attributes_of_stops
-- What the events of stops say of the attributes that :declared names for their plants.
select
    event_id,
    case when :declared::jsonb ? plant
        then copq.attributes_of(event_id, plant, :declared::jsonb -> plant)
        else '{}' end as attributes
from unnest(:ids::text[], :plants::text[]) as stop (event_id, plant)

-- name: units_by_day
-- Units made by plant, line and product on each of the `days` of two windows of production days,
-- :after_first to :after_last and :before_first to :before_last; rounded to floating point, which is
-- all that is done with them.
select
    currency, plant, line, nullif(product, '') as product, array_agg(day) as days,
    array_agg(made::float8) as made
from (
    select currency, day, plant, line, product, sum(quantity) as made
    {{production_of_windows}}
    group by 1, 2, 3, 4, 5
) as by_day
group by 1, 2, 3, 4
