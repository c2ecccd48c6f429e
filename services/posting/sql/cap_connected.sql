-- Of the new corrections $1 those that hang together with more than $2 ids (copq.connected_ids): a
-- chain of corrections without end would be read again with each link. They are kept and shown,
-- and never looked at again.
with too_many as (
    select added.event_id
    from unnest($1::text[]) as added (event_id)
    where (
        select count(*) from (
            select from copq.connected_ids(array[added.event_id]) limit $2 + 1
        ) as counted
    ) > $2
)
update copq.correction as c
set beyond = true, state = 'not_applicable',
    why = format(
        'it hangs together with more than %s events and corrections: send the right event again '
        'with an id of its own', $2::int)
from too_many
where c.event_id = too_many.event_id
returning c.event_id
