select id from copq.connected_ids($1)
