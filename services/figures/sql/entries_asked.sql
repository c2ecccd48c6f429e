-- Which entries are asked for: the place of {asked} in entries.sql and entries_total.sql. $1 to $4
-- are the edges of time and of production days, $5 to $17 the filters.
    ($1::timestamptz is null or occurred_at >= $1)
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
    and ($16::date is null or period = $16)
    and (not $17::boolean or booked_at <= coalesce((
        select p.first_closed_at from copq.period as p
        where p.plant = ledger.plant and p.month = date_trunc('month', ledger.day::timestamp)::date
    ), 'infinity'))
