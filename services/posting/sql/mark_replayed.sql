update copq.rejected set replayed_at = now() where rejected_id = any($1::bigint[])
