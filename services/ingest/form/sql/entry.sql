-- One's own entry; without a name (where nobody asks who sends) anybody's.
select
    entry_id, entered_by, entered_at, plant, line, product, filled, events, sent_at, withdrawn_at
from copq.form_entry
where entry_id = $1 and ($2::text is null or entered_by = $2)
