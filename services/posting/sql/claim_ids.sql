-- Ids that corrections name and that no event has yet. Where another transaction is about to keep
-- such an event this waits for it, and the event finds the claim where that one came first: so a
-- correction and its event never miss each other.
with claimed as (
    insert into copq.event_key (event_id, occurred_at)
    select event_id, 'infinity' from unnest($1::text[]) as event_id order by event_id
    on conflict do nothing
    returning event_id
)
insert into copq.claim (event_id) select event_id from claimed
