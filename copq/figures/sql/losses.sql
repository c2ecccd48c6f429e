-- name: window_losses
-- Failure cost of the lines :lines of a plant in the window (:start, :end], by element, stage, code
-- and, for stops, machine. A stop counts by its part in the window. `since` is the beginning; null
-- if the same loss also occurred in an equally long time before the window. `until` is the end: for
-- a stop its end, for other losses the last one if it is older than :goes_on; null while the loss
-- continues.
with entry as (
    select
        l.line, l.element, l.stage, l.defect_code, l.event_id, l.net,
        case when stop.event_id is not null then l.work_unit end as work_unit,
        coalesce(stop.began_at, l.occurred_at) as began,
        case when stop.event_id is null then l.occurred_at else stop.ended_at end as ended,
        stop.event_id is null as comes_singly,
        case when l.occurred_at > :start or (stop.event_id is not null and l.seconds <> 0)
            then copq.part_of_stop(
                l.net, l.occurred_at, case when stop.event_id is null then 0 else l.seconds end,
                :start, :end)
            else 0
        end as counted
    from copq.ledger as l
    left join copq.stop on stop.event_id = l.event_id
    where l.plant = :plant and l.line = any(:lines::text[])
        and l.occurred_at > :start - (:end::timestamptz - :start::timestamptz)
        and l.occurred_at <= :end
        and l.category = any(:categories::text[])
), event as (
    select
        line, element, stage, defect_code, work_unit, min(began) as began,
        max(ended) as ended, bool_and(comes_singly) as comes_singly,
        sum(counted) as net
    from entry
    group by event_id, line, element, stage, defect_code, work_unit
    having sum(net) <> 0
)
select
    line, element, stage, defect_code, work_unit, sum(net) as net,
    case when bool_and(net <> 0) then min(began) end as since,
    case when max(ended) < case when bool_and(comes_singly) then :end - :goes_on::interval else :end end
        then max(ended) end as until
from event
group by line, element, stage, defect_code, work_unit
having sum(net) > 0

-- name: losses
-- Failure cost by element, stage, code and, for stops, machine, in the production days from :first
-- to :last, which lie between the instants :since and :until. Included in `drivers` and `paretos`.
-- With :converted it is in the reporting currency, and entries without an exchange rate are
-- counted. :open_currency to :open_unconverted are the amounts that open stops add, one by one.
part as (
    select
        currency, element, stage, defect_code,
        case when element in ('downtime', 'planned_stop') then work_unit end as work_unit,
        net, seconds, quantity, 0 as provisional,
        case when reverses is null then 1 else -1 end as entries,
        case when not :converted or exchange_rate is not null then 0
            when reverses is null then 1 else -1 end as unconverted
    from {{ledger}}
    {{group_join}}
    where occurred_at >= :since and occurred_at < :until
        and day >= :first and day < :last
        and (:plant::text is null or plant = :plant)
        and (:line::text is null or line = :line)
        and {{in_group}}
        and category = any(:categories::text[])
    union all
    select currency, element, null, defect_code, work_unit, net, seconds, 0, net, 0, unconverted
    from unnest(
        :open_currency::text[], :open_element::text[], :open_defect_code::text[],
        :open_work_unit::text[], :open_net::numeric[], :open_seconds::numeric[],
        :open_unconverted::int[]
    ) as open_stop (currency, element, defect_code, work_unit, net, seconds, unconverted)
), loss as (
    select
        currency, element, stage, defect_code, work_unit, sum(net) as net, sum(seconds) as seconds,
        sum(quantity) as quantity, sum(provisional) as provisional, sum(entries)::bigint as entries,
        sum(unconverted)::bigint as unconverted
    from part
    group by 1, 2, 3, 4, 5
)

-- name: paretos
-- The losses in a currency by cause, stage, defect code and element. Each kind has its :limit most
-- expensive names, then the sum of all others (`others` is their number), then losses without a
-- name. :first to :open_unconverted as in `losses`.
with {{losses}},
bar as (
    select
        case
            when grouping(element, defect_code, work_unit, stage) = 0 then 'cause'
            when grouping(stage) = 0 then 'stage'
            when grouping(defect_code) = 0 then 'defect_code'
            else 'element'
        end as kind,
        element, defect_code, work_unit, stage, sum(net) as net,
        num_nonnulls(element, defect_code, work_unit, stage) = 0 as is_nameless
    from loss
    where currency = :currency
    group by grouping sets
        ((element, defect_code, work_unit, stage), (stage), (defect_code), (element))
    having sum(net) > 0
),
ranked as (
    select
        *,
        case
            when is_nameless then :limit + 2
            else least(:limit + 1, row_number() over (
                partition by kind, is_nameless
                order by net desc, coalesce(element, '') collate "C",
                    coalesce(defect_code, '') collate "C", coalesce(work_unit, '') collate "C",
                    coalesce(stage, '') collate "C"))
        end as place
    from bar
)
select
    kind, place,
    case when place <= :limit then min(element) end as element,
    case when place <= :limit then min(defect_code) end as defect_code,
    case when place <= :limit then min(work_unit) end as work_unit,
    case when place <= :limit then min(stage) end as stage,
    sum(net) as net, case when place = :limit + 1 then count(*) else 0 end as others
from ranked
group by kind, place
order by kind, place

-- name: drivers
-- The :limit largest losses of each currency, with the number and the net cost of all losses of the
-- currency, and whether any lacks an exchange rate. A combination that earned money is not a loss.
-- :first to :open_unconverted as in `losses`.
with {{losses}},
ranked as (
    select
        *,
        row_number() over worst as rank, sum(net) over worst as cumulative,
        sum(net) over (partition by currency) as total,
        count(*) over (partition by currency) as losses,
        bool_or(unconverted > 0) over (partition by currency) as lacking
    from loss
    where net > 0 or unconverted > 0
    window worst as (
        partition by currency
        order by net desc, element collate "C", stage collate "C", defect_code collate "C",
            work_unit collate "C"
        rows unbounded preceding)
)
select * from ranked
where rank <= :limit
order by currency collate "C", rank
