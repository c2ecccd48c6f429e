-- The corrections that say anything of an event: of it, by it, or the event itself.
select event_id, corrects, replacement, occurred_at, reason, booked_by, state, why
from copq.correction
where corrects = $1 or replacement = $1 or event_id = $1
order by occurred_at, event_id
