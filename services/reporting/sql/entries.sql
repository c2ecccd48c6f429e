-- Entries of the ledger, newest first, each with its event's bytes. $1 to $4 are the edges of
-- time and of production days, $5 to $15 the filters, ($17, $18, $19) the entry before the page,
-- $20 when the first page was read: what was booked later is on none of its pages.
with page as (
    select *
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
        and ($17::timestamptz is null
            or (occurred_at, event_id, entry_no) < ($17, $18::text collate "C", $19::int))
        and booked_at <= $20
    order by occurred_at desc, event_id desc, entry_no desc
    limit $16
)
select
    page.*, found.payload, found.received_at, found.event_type, retention.ordered_at as dropped_at,
    retention.ordered_by as dropped_by
from page
left join copq.event_key as key on key.event_id = page.event_id
left join lateral (
    select payload, received_at, event_type, dropped_by from copq.event as e
    where e.event_id = page.event_id and e.occurred_at = key.occurred_at
) as found on true
left join copq.retention as retention on retention.retention = found.dropped_by
order by page.occurred_at desc, page.event_id desc, page.entry_no desc
