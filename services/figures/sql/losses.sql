-- What failure cost by element, stage, code and, of stops, machine, in the production days from $1 to
-- $2, which lie between the instants $6 and $7: the place of {losses} in drivers.sql and paretos.sql.
-- $8: in the reporting currency, where entries without an exchange rate are counted. $9 to $15 are
-- what open stops add, one by one.
part as (
    select
        currency, element, stage, defect_code,
        case when element in ('downtime', 'planned_stop') then work_unit end as work_unit,
        net, seconds, quantity, 0 as provisional,
        case when reverses is null then 1 else -1 end as entries,
        case when not $8 or exchange_rate is not null then 0
            when reverses is null then 1 else -1 end as unconverted
    from copq.ledger
    where occurred_at >= $6 and occurred_at < $7
        and day >= $1 and day < $2
        and ($3::text is null or plant = $3)
        and ($4::text is null or line = $4)
        and category = any($5::text[])
    union all
    select currency, element, null, defect_code, work_unit, net, seconds, 0, net, 0, unconverted
    from unnest(
        $9::text[], $10::text[], $11::text[], $12::text[], $13::numeric[], $14::numeric[], $15::int[]
    ) as open_stop (currency, element, defect_code, work_unit, net, seconds, unconverted)
), loss as (
    select
        currency, element, stage, defect_code, work_unit, sum(net) as net, sum(seconds) as seconds,
        sum(quantity) as quantity, sum(provisional) as provisional, sum(entries)::bigint as entries,
        sum(unconverted)::bigint as unconverted
    from part
    group by 1, 2, 3, 4, 5
)
