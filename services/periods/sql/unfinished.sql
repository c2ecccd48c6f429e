-- What a plant has not finished between $2 and $3, the edges of the month $4. Entries lack a rate
-- once there is a reporting currency: those of the month's own days, and those of other months that
-- are booked in it because theirs was closed. A stop that another report of the same machine's stop
-- has ended is not open.
select
    (select count(*) from copq.unpriced
    where plant = $1 and occurred_at >= $2 and occurred_at < $3) as unpriced,
    (select count(*) from copq.correction
    where state = 'waiting' and plant = $1 and occurred_at >= $2 and occurred_at < $3)
        as corrections,
    (select count(*) from copq.stop as o
    where ended_at is null and not voided and plant = $1 and started_at < $3
        and not exists (
            select from copq.stop as c
            where c.plant = o.plant and c.line = o.line and c.started_at = o.started_at
                and c.work_unit is not distinct from o.work_unit and c.ended_at is not null
                and not c.voided)) as stops,
    lacking.rates, lacking.rates_of
from (
    select
        coalesce(sum(entries), 0)::bigint as rates,
        coalesce(string_agg(
            currency || ' ' || first_day
                || case when first_day < last_day then ' to ' || last_day else '' end,
            ', ' order by currency), '') as rates_of
    from (
        select currency, sum(entries) as entries, min(day) as first_day, max(day) as last_day
        from (
            select currency, day, unconverted as entries
            from copq.rollup
            where grain = 'day' and plant = $1 and unconverted <> 0
                and day >= $4::date and day < $4::date + interval '1 month'
            union all
            select currency, day, 1
            from copq.ledger as l
            where plant = $1 and period = $4::date
                and period <> date_trunc('month', day::timestamp)::date
                and exchange_rate is null and reverses is null
                and not exists (
                    select from copq.ledger as r
                    where r.occurred_at = l.occurred_at and r.event_id = l.event_id
                        and r.reverses = l.entry_no)
        ) as by_day
        where exists (select from copq.reporting_currency)
        group by currency
    ) as by_currency
) as lacking
