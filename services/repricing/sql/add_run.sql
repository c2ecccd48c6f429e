insert into copq.repricing (
    revision, plant, product, asked_from, asked_to, plants, starts_at, ends_at, started_by, why,
    position_at, total, dropped)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $7, $11, $12)
returning *
