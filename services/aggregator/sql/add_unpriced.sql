insert into copq.unpriced (
    event_id, occurred_at, event_type, plant, line, product, reason, tried_revision,
    worth, base, per_minute, currency, nearest_version, nearest_from)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
on conflict (event_id) do update set
    reason = excluded.reason, tried_revision = excluded.tried_revision,
    worth = excluded.worth, base = excluded.base, per_minute = excluded.per_minute,
    currency = excluded.currency, nearest_version = excluded.nearest_version,
    nearest_from = excluded.nearest_from
