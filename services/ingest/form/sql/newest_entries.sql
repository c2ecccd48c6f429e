select
    entry_id, entered_by, entered_at, plant, line, product, filled, events, sent_at, withdrawn_at
from copq.form_entry
where $1::text is null or entered_by = $1
order by entered_at desc
limit 5
