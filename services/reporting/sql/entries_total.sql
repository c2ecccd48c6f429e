-- What all pages of the same question add up to, by element; parameters as in entries.sql. `entries` are those
-- that stand: a reversal takes one away.
select
    currency, category, element, sum(case when reverses is null then 1 else -1 end)::bigint as entries,
    count(*) as lines, sum(quantity) as quantity, sum(gross) as gross, sum(recovered) as recovered,
    sum(allowed) as allowed, sum(net) as net, sum(hours) as hours, sum(base) as base
from copq.ledger
where ($1::timestamptz is null or occurred_at >= $1)
    and ($2::timestamptz is null or occurred_at < $2)
    and ($3::date is null or day >= $3)
    and ($4::date is null or day < $4)
    and ($5::text is null or plant = $5)
    and ($6::text is null or line = $6)
    and ($7::text is null or product = $7)
    and ($8::text is null or element = $8)
    and ($9::text[] is null or category = any($9))
    and ($10::text is null or stage is not distinct from nullif($10, ''))
    and ($11::text is null or defect_code is not distinct from nullif($11, ''))
    and ($12::text is null or work_unit is not distinct from nullif($12, ''))
    and ($13::text is null or event_id = $13)
    and ($14::timestamptz is null or hour = $14)
    and ($15::date is null or day = $15)
    and booked_at <= $16
group by currency, category, element
order by currency, sum(net) desc, element
