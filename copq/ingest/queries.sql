-- name: fate
-- The state of the event :event_id that :sender sent (null: that anybody sent). :as_asked is the id
-- as the reader wrote it: refused messages are stored with the id as they spelt it. No row: there is
-- no such event, or somebody else sent it. A refused message that was fixed later is accepted.
select
    e.occurred_at, e.received_at,
    case
        when c.event_id is not null then 'withdrawn'
        when u.event_id is not null then 'unpriced'
        else 'accepted'
    end as state,
    u.reason, null as code, null as field
from copq.event_key k
join copq.event e on e.occurred_at = k.occurred_at and e.event_id = k.event_id
left join copq.unpriced u on u.event_id = k.event_id
left join lateral (
    -- One that was itself corrected, or does not apply, withdraws nothing.
    select event_id from copq.correction w
    where corrects = k.event_id
        and w.state in ('applied', 'waiting')
    limit 1
) c on true
where k.event_id = :event_id and (:sender::text is null or e.sent_by = :sender)
union all
(
    select null, rejected_at, 'refused', message, code, field
    from copq.rejected
    where (:sender::text is null or sent_by = :sender)
        and copq.event_id_in(payload) = encode(convert_to(:as_asked, 'UTF8'), 'escape')
    order by rejected_at desc
    limit 1
)
limit 1

-- name: brought_names
-- The names that senders have brought.
select sent_by, kind, name from copq.brought_name

-- name: keep_names
-- Store names that senders have brought.
insert into copq.brought_name (sent_by, kind, name)
select *
from unnest(:senders::text[], :kinds::text[], :names::text[]) as brought (sent_by, kind, name)
order by sent_by, kind, name
on conflict do nothing
