-- Events that an older rate book had no price for, held until they are tried with this one; and of
-- a replacement the correction that brings it.
with taken as (
    select event_id, occurred_at from copq.unpriced
    where tried_revision < $1
    order by tried_revision, event_id
    limit $2
    for update skip locked
)
select
    taken.event_id, e.payload, c.reason, c.booked_by, c.event_id as corrected_by,
    coalesce((
        select max(entry_no) from copq.ledger as l
        where l.occurred_at = taken.occurred_at and l.event_id = taken.event_id), 0) as last
from taken
join copq.event as e using (occurred_at, event_id)
left join copq.correction as c on c.replacement = taken.event_id and c.state = 'applied'
