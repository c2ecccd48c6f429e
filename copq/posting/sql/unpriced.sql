-- name: add_unpriced
-- Store events without a price. For stored events, update the reason and the estimate.
insert into copq.unpriced (
    event_id, occurred_at, event_type, plant, line, product, reason, tried_revision,
    worth, base, per_hour, currency, nearest_version, nearest_from)
select * from unnest(
    :event_id::text[], :occurred_at::timestamptz[], :event_type::text[], :plant::text[],
    :line::text[], :product::text[], :reason::text[], :tried_revision::bigint[],
    :worth::numeric[], :base::numeric[], :per_hour::numeric[], :currency::text[],
    :nearest_version::bigint[], :nearest_from::timestamptz[])
on conflict (event_id) do update set
    reason = excluded.reason, tried_revision = excluded.tried_revision,
    worth = excluded.worth, base = excluded.base, per_hour = excluded.per_hour,
    currency = excluded.currency, nearest_version = excluded.nearest_version,
    nearest_from = excluded.nearest_from

-- name: peek_unpriced
-- Whether corrections are among the next events to try; null if no event is to be tried.
select bool_or(event_type = 'correction')
from (
    select event_type from copq.unpriced
    where tried_revision < :revision
    order by tried_revision, event_id
    limit :limit
) as page

-- name: take_unpriced
-- Lock and return events that an older rate book had no price for. For a replacement, include the
-- correction that brings it.
with taken as (
    select event_id, occurred_at from copq.unpriced
    where tried_revision < :revision
    order by tried_revision, event_id
    limit :limit
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

-- name: drop_unpriced
-- Delete events that now have a price or do not count.
delete from copq.unpriced where event_id = any(:ids::text[])

-- name: still_unpriced
-- The events among these that have no price.
select event_id from copq.unpriced where event_id = any(:ids::text[])
