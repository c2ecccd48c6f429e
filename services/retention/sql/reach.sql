update copq.retention
set reached_at = $2, reached_id = $3, dropped = dropped + $4, bytes = bytes + $5
where retention = $1
