-- name: claim_entry
-- Store an entry before its events are sent; an older one of the same id stays.
insert into copq.form_entry (entry_id, entered_by, plant, line, product, filled, events)
values (:entry_id, :entered_by, :plant, :line, :product, :filled::jsonb, :events::jsonb)
on conflict (entry_id) do nothing

-- name: entry
-- One's own entry; without a name (where nobody asks who sends) anybody's.
select
    entry_id, entered_by, entered_at, plant, line, product, filled, events, sent_at, withdrawn_at
from copq.form_entry
where entry_id = :entry_id and (:by::text is null or entered_by = :by)

-- name: newest_entries
-- The last entries of a person, or of all, newest first.
select
    entry_id, entered_by, entered_at, plant, line, product, filled, events, sent_at, withdrawn_at
from copq.form_entry
where :by::text is null or entered_by = :by
order by entered_at desc
limit 5

-- name: mark_sent
-- Mark an entry as sent.
update copq.form_entry set sent_at = now() where entry_id = :entry_id and sent_at is null

-- name: mark_withdrawn
-- Mark an entry as withdrawn.
update copq.form_entry set withdrawn_at = now() where entry_id = :entry_id and withdrawn_at is null
