insert into copq.form_entry (entry_id, entered_by, plant, line, product, filled, events)
values ($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb)
on conflict (entry_id) do nothing
