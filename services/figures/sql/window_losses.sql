-- Failure cost of the lines $2 of plant $1 in the window ($3, $4], by element, stage, code and, of
-- stops, machine; of a stop the part that lies in the window. `since`: when it began; null where
-- the same was there in as long a time before the window already. `until`: when it was over, a stop
-- when it ended, anything else where the last of it is older than $6; null where it goes on.
with entry as (
    select
        l.line, l.element, l.stage, l.defect_code, l.event_id, l.net,
        case when stop.event_id is not null then l.work_unit end as work_unit,
        coalesce(stop.began_at, l.occurred_at) as began,
        case when stop.event_id is null then l.occurred_at else stop.ended_at end as ended,
        stop.event_id is null as comes_singly,
        case when l.occurred_at > $3 or (stop.event_id is not null and l.seconds <> 0)
            then copq.part_of_stop(
                l.net, l.occurred_at, case when stop.event_id is null then 0 else l.seconds end, $3, $4)
            else 0
        end as counted
    from copq.ledger as l
    left join copq.stop on stop.event_id = l.event_id
    where l.plant = $1 and l.line = any($2::text[])
        and l.occurred_at > $3 - ($4::timestamptz - $3::timestamptz) and l.occurred_at <= $4
        and l.category = any($5::text[])
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
    case when max(ended) < case when bool_and(comes_singly) then $4 - $6::interval else $4 end
        then max(ended) end as until
from event
group by line, element, stage, defect_code, work_unit
having sum(net) > 0
