insert into copq.correction (
    event_id, corrects, replacement, replacement_plant, replacement_line, occurred_at, plant, line,
    reason, booked_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
