-- Events that an older rate book had no price for, held until they are tried with this one.
with taken as (
    select event_id, occurred_at from copq.unpriced
    where tried_revision < $1
    order by tried_revision, event_id
    limit $2
    for update skip locked
)
select event_id, e.payload from taken join copq.event e using (occurred_at, event_id)
