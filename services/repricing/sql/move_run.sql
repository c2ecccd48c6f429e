update copq.repricing
set position_at = $2, position_id = $3, seen = seen + $4, unpriced = unpriced + $5
where repricing_id = $1
