-- name: repaired
-- Unplanned stops of a plant (and line) that ended from :start on and before :end. Each counts
-- once, whatever the number of its reports and pieces.
select line, count(*) as stops, extract(epoch from sum(over_at - began_at))::float8 as seconds
from (
    select distinct line, work_unit, defect_code, began_at, over_at
    from copq.stop
    where not planned and not voided and over_at >= :start and over_at < :end and plant = :plant
        and (:line::text is null or line = :line)
) as ended
group by line

-- name: stopped_lines
-- The lines of a plant (or the one line) with ended stops that touch the time from :start to :end.
select distinct line
from copq.stop
where plant = :plant and (:line::text is null or line = :line) and not voided
    and ended_at is not null
    and tstzrange(started_at, ended_at, '[]')
        && tstzrange(:start::timestamptz, :end::timestamptz, '[]')

-- name: units
-- The units of a window (the cells are those of `window_cells`) by line and, with :by_product, by
-- product, with :by_group by group. Lines that :lines does not list are together in one row, with their number in `others`
-- and their first twenty names; without :lines each line has its own row. A line has up to four
-- rows, by how its good units are known: as reported, all units that were not rejected, none (more
-- rejected than made), or unknown. Each row is graded like one product, and its sums include all
-- its products.
with product as (
    select
        line, product, "group",
        coalesce(sum(quantity) filter (where element = 'production'), 0) as produced,
        coalesce(sum(good) filter (where element = 'production'), 0) as good,
        coalesce(sum(ungraded) filter (where element = 'production'), 0) as ungraded,
        coalesce(sum(quantity) filter (where element in ('defect', 'scrap')), 0) as scrapped,
        coalesce(sum(quantity) filter (where element = 'rework'), 0) as reworked
    from ({{window_cells}}) as cell
    where element in ('production', 'defect', 'scrap', 'rework')
    group by line, product, "group"
), shown as (
    select *, :lines::text[] is null or named is not null as has_own
    from product
    left join (select distinct unnest(:lines::text[]) as named) as n on named = line
), other as (
    select count(*) as others, coalesce((array_agg(line order by line collate "C"))[1:20], '{}') as names
    from (select distinct line from shown where not has_own) as lines
)
select
    case when has_own then line end as line, case when :by_product then product end as product,
    case when :by_group then "group" end as "group",
    sum(produced) as produced, sum(good) as good, sum(ungraded) as ungraded,
    sum(scrapped) as scrapped, sum(reworked) as reworked,
    case when not has_own then others else 0 end as others,
    case when not has_own then names else '{}' end as names
from shown
cross join other
group by
    1, 2, 3, has_own, others, names, ungraded = 0,
    ungraded <> 0 and ungraded = produced and scrapped <= produced,
    ungraded <> 0 and ungraded = produced and scrapped > produced
