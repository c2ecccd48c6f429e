insert into copq.correction (
    event_id, corrects, replacement, occurred_at, plant, line, reason, booked_by)
values ($1, $2, $3, $4, $5, $6, $7, $8)
