delete from copq.withdrawn where event_id = $1
