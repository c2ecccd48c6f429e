-- name: add_corrections
-- Add a correction.
insert into copq.correction (
    event_id, corrects, replacement, replacement_plant, replacement_line, occurred_at, plant, line,
    reason, booked_by)
values (
    :event_id, :corrects, :replacement, :replacement_plant, :replacement_line, :occurred_at, :plant,
    :line, :reason, :booked_by)

-- name: cap_corrections
-- The corrections of events named by :added or :arrived that exceed the first :most of a kind. They
-- are stored and shown, but never read again. :added are new corrections, :arrived are events that
-- have now arrived. Corrections from the event's own plant and line are counted separately from all
-- others; while the event is unknown, each line is counted separately. So nobody uses up the limit
-- of another line. Returns all of :added that exceed it, including those of an earlier batch.
with counted as (
    select
        c.event_id,
        (c.plant, c.line) is distinct from (k.plant, k.line) and k.plant is not null as strange,
        row_number() over (
            partition by
                c.corrects, (c.plant, c.line) = (k.plant, k.line),
                case when k.plant is null then c.plant end,
                case when k.plant is null then c.line end
            order by c.event_id = any(:added::text[]), c.occurred_at, c.event_id) as place
    from copq.correction as c
    left join copq.event_key as k on k.event_id = c.corrects
    where not c.beyond and c.corrects in (
        select corrects from copq.correction where event_id = any(:added::text[])
        union all
        select unnest(:arrived::text[]))
), capped as (
    update copq.correction as c
    set beyond = true, state = 'not_applicable',
        why = format(
            case
                when strange then '"%s" is of another line and has %s such corrections already'
                else '"%s" has %s corrections already; correct the one that is applied'
            end, corrects, :most::int)
    from counted
    where counted.event_id = c.event_id and counted.place > :most
        and (c.event_id = any(:added::text[]) or strange)
    returning c.event_id
)
select event_id from capped
union
select event_id from copq.correction where beyond and event_id = any(:added::text[])

-- name: claim_ids
-- Store ids that corrections name and that no event has yet. If another transaction is about to
-- store such an event, this waits for it; if the claim comes first, the event meets the claim. So a
-- correction and its event never miss each other.
with claimed as (
    insert into copq.event_key (event_id, occurred_at)
    select event_id, 'infinity' from unnest(:ids::text[]) as event_id order by event_id
    on conflict do nothing
    returning event_id
)
insert into copq.claim (event_id) select event_id from claimed

-- name: is_claimed
-- Whether a correction names one of these ids.
select exists (select from copq.claim where event_id = any(:ids::text[]))

-- name: drop_claims
-- Delete the claims of events that have arrived. `stored`: the event was stored before, as a
-- replacement.
delete from copq.claim where event_id = any(:ids::text[]) returning event_id, stored

-- name: drop_keys
-- Delete ids, so that a batch may store their events.
delete from copq.event_key where event_id = any(:ids::text[])

-- name: claims_to_store
-- Mark claims whose replacement is now stored. Return those that were not marked before.
update copq.claim set stored = true
where event_id = any(:ids::text[]) and not stored
returning event_id

-- name: store_replacements
-- Store the event that a correction brings.
with stored as (
    insert into copq.event (
        occurred_at, event_id, event_type, plant, line, received_at, payload, sent_by)
    values (
        :occurred_at, :event_id, :event_type, :plant, :line, copq.booking_instant(), :payload,
        :sent_by)
)
update copq.event_key set occurred_at = :occurred_at, plant = :plant, line = :line
where event_id = :event_id

-- name: related_ids
-- These ids and all ids that corrections connect with them.
select id from copq.connected_ids(:ids)

-- name: cap_connected
-- The new corrections among :added that are connected with more than :most ids
-- (copq.connected_ids). Otherwise each link of an endless chain would read the whole chain again.
-- They are stored and shown, but never read again.
with too_many as (
    select added.event_id
    from unnest(:added::text[]) as added (event_id)
    where (
        select count(*) from (
            select from copq.connected_ids(array[added.event_id]) limit :most + 1
        ) as counted
    ) > :most
)
update copq.correction as c
set beyond = true, state = 'not_applicable',
    why = format(
        'it is connected with more than %s events and corrections: send the right event again '
        'with an id of its own', :most::int)
from too_many
where c.event_id = too_many.event_id
returning c.event_id

-- name: related_corrections
-- The corrections among these ids.
select *
from copq.correction
where event_id = any(:ids::text[]) and not beyond
order by occurred_at, event_id

-- name: known_events
-- The events among these ids that are stored.
select
    k.event_id, k.occurred_at, e.event_type, e.plant, e.line,
    not exists (select from copq.claim as c where c.event_id = k.event_id) as alone
from copq.event_key as k
join copq.event as e on e.occurred_at = k.occurred_at and e.event_id = k.event_id
where k.event_id = any(:ids::text[])

-- name: set_correction_state
-- Set the state of a correction, and the reason.
update copq.correction
set state = :state, why = :why, applied_at = case when :state = 'applied' then now() end
where event_id = :event_id
