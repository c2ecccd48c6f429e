insert into copq.stop (
    event_id, plant, line, product, work_unit, defect_code, shift, started_at, ended_at, planned,
    per_hour, currency, rate_version, began_at, over_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $8, $9)
