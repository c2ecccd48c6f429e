-- What became of the event $1 that `$2` sent ($2 null: anybody); $3 is its id as it was asked for,
-- which may be spelt otherwise, as in what was refused. No row: there is none, or it is
-- another's, which is the same for every reader. What was refused and fixed later is accepted.
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
where k.event_id = $1 and ($2::text is null or e.sent_by = $2)
union all
(
    select null, rejected_at, 'refused', message, code, field
    from copq.rejected
    where ($2::text is null or sent_by = $2)
        and copq.event_id_in(payload) = encode(convert_to($3, 'UTF8'), 'escape')
    order by rejected_at desc
    limit 1
)
limit 1
