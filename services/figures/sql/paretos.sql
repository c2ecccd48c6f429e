-- The losses in the currency $17 by cause, stage, defect code and element. Of each kind the $16 most
-- expensive names, then what all others come to (`others`: how many), then losses without a name.
-- $1 to $15 as in losses.sql.
with {losses},
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
    where currency = $17
    group by grouping sets
        ((element, defect_code, work_unit, stage), (stage), (defect_code), (element))
    having sum(net) > 0
),
ranked as (
    select
        *,
        case
            when is_nameless then $16 + 2
            else least($16 + 1, row_number() over (
                partition by kind, is_nameless
                order by net desc, coalesce(element, '') collate "C",
                    coalesce(defect_code, '') collate "C", coalesce(work_unit, '') collate "C",
                    coalesce(stage, '') collate "C"))
        end as place
    from bar
)
select
    kind, place,
    case when place <= $16 then min(element) end as element,
    case when place <= $16 then min(defect_code) end as defect_code,
    case when place <= $16 then min(work_unit) end as work_unit,
    case when place <= $16 then min(stage) end as stage,
    sum(net) as net, case when place = $16 + 1 then count(*) else 0 end as others
from ranked
group by kind, place
order by kind, place
