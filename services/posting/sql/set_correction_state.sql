update copq.correction
set state = $2, why = $3, applied_at = case when $2 = 'applied' then now() end
where event_id = $1
