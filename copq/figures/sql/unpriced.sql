-- name: lacking
-- Standing entries without an exchange rate, by currency, and the days on which they occurred.
select
    currency, sum(unconverted)::bigint as entries, count(distinct day) as days,
    min(day) as first_day, max(day) as last_day
from copq.rollup
{{group_join}}
where grain = :grain and unconverted > 0
    and {{of_cells}}
    and {{in_group}}
    and (:first_day::date is null or day >= :first_day)
    and (:last_day::date is null or day < :last_day)
    and (:first_hour::timestamptz is null or hour >= :first_hour)
    and (:last_hour::timestamptz is null or hour < :last_hour)
group by currency
order by currency

-- name: lacking_booked
-- `lacking` for an earlier ledger: as of :as_of or, without it, as each month was first closed (or
-- as of now if it never was). `late`: an exchange rate has come since, and completes the latter.
select
    currency, late, sum(entries)::bigint as entries, count(*) as days,
    min(day) as first_day, max(day) as last_day
from (
    select
        currency, day, sum(case when reverses is null then 1 else -1 end) as entries,
        :as_of::timestamptz is null and copq.rate_of_day(currency, day) is not null as late
    from copq.ledger as l
    left join (select plant as of_plant, month, first_closed_at from copq.period) as p
        on of_plant = plant and month = date_trunc('month', day::timestamp)::date
    {{group_join}}
    where exchange_rate is null
        and booked_at <= coalesce(:as_of::timestamptz, first_closed_at, 'infinity')
        and {{of_entries}}
        and {{in_group}}
        and (:first_day::date is null or (day >= :first_day
                and occurred_at >= :first_day::date - interval '3 days'))
        and (:last_day::date is null or (day < :last_day
                and occurred_at < :last_day::date + interval '3 days'))
        and (:first_hour::timestamptz is null or (hour >= :first_hour
                and occurred_at >= :first_hour - interval '3 days'))
        and (:last_hour::timestamptz is null or (hour < :last_hour
                and occurred_at < :last_hour + interval '3 days'))
    group by currency, day
    having sum(case when reverses is null then 1 else -1 end) <> 0
) as by_day
group by currency, late
order by currency, late

-- name: unpriced_groups
-- Events without a price, of a plant and line or of all, grouped by reason; the :limit largest
-- groups, the largest first. Worth is the sum over events with a near enough rate, never over two
-- currencies; an open stop costs until :now.
select
    reason, event_type, plant, line, product, count(*) as events, min(since) as since,
    min(occurred_at) as first_occurred_at, max(occurred_at) as last_occurred_at,
    count(*) filter (where currency is null) as unknown,
    case when min(currency) = max(currency) then min(currency) end as currency,
    case when min(currency) = max(currency) then sum(
        copq.worth_at(worth, per_hour, occurred_at, :now))
    end as worth,
    case when min(currency) = max(currency) then sum(base) end as base,
    min(nearest_version) as first_version, max(nearest_version) as last_version,
    min(nearest_from) as nearest_from, max(nearest_from) as nearest_to
from copq.unpriced
where (:plant::text is null or plant = :plant) and (:line::text is null or line = :line)
group by reason, event_type, plant, line, product
order by events desc, since, reason, plant, line
limit :limit

-- name: unpriced_kinds
-- The number of groups of `unpriced_groups` without a limit, and the number of reasons.
select count(*) as groups, count(distinct reason) as reasons
from (
    select distinct reason, event_type, plant, line, product
    from copq.unpriced
    where (:plant::text is null or plant = :plant) and (:line::text is null or line = :line)
) as kinds

-- name: unpriced_totals
-- The sums of all groups of `unpriced_groups`, of a plant and line or of all, by currency: null for
-- events whose worth is unknown.
select
    currency, count(*) as events,
    sum(copq.worth_at(worth, per_hour, occurred_at, :now)) as worth,
    sum(base) as base
from copq.unpriced
where (:plant::text is null or plant = :plant) and (:line::text is null or line = :line)
group by currency
order by currency

-- name: held
-- The number of items that the figures of a plant, line :line, product :product and group :group
-- of :grouping (null: of all) do not include yet. An event without a price has no production day
-- yet: its day in UTC stands for it. The event of a waiting correction is unknown, so the correction
-- counts for every product.
select
    (select count(*) from copq.unpriced
    where (:plant::text is null or plant = :plant) and (:line::text is null or line = :line)
        and (:product::text is null or coalesce(product, '') = :product)
        and (:group::text is null
            or copq.group_of(plant, :grouping, product, (occurred_at at time zone 'UTC')::date)
                = :group)) as unpriced,
    (select count(*) from copq.correction
    where state = 'waiting' and (:plant::text is null or plant = :plant)
        and (:line::text is null or line = :line)) as corrections
