-- Failure cost by element, stage, code and, of stops, machine, in the production days from $1 to
-- $2, which lie between the instants $6 and $7; $8: in the reporting currency, where entries
-- without an exchange rate are counted.
select
    currency, element, stage, defect_code,
    case when element in ('downtime', 'planned_stop') then work_unit end as work_unit,
    sum(net) as net, sum(seconds) as seconds, sum(quantity) as quantity,
    sum(case when reverses is null then 1 else -1 end)::bigint as entries,
    coalesce(sum(case when reverses is null then 1 else -1 end)
        filter (where $8 and exchange_rate is null), 0)::bigint as unconverted
from copq.ledger
where occurred_at >= $6 and occurred_at < $7
    and day >= $1 and day < $2
    and ($3::text is null or plant = $3)
    and ($4::text is null or line = $4)
    and category = any($5::text[])
group by 1, 2, 3, 4, 5
