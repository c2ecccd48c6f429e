update copq.form_entry set sent_at = now() where entry_id = $1 and sent_at is null
