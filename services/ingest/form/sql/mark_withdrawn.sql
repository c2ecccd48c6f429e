update copq.form_entry set withdrawn_at = now() where entry_id = $1 and withdrawn_at is null
