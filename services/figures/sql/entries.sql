-- Entries of the ledger, newest first, each with its event's bytes. $1 to $17 as in
-- entries_asked.sql, ($19, $20, $21) the entry before the page, $22 when the first page was read:
-- what was booked later is on none of its pages.
with page as (
    select *
    from copq.ledger
    where {asked}
        and ($19::timestamptz is null
            or (occurred_at, event_id, entry_no) < ($19, $20::text collate "C", $21::int))
        and booked_at <= $22
    order by occurred_at desc, event_id desc, entry_no desc
    limit $18
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
