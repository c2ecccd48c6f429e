insert into copq.unpriced (
    event_id, occurred_at, event_type, plant, line, product, reason, tried_revision)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (event_id) do update set
    reason = excluded.reason, tried_revision = excluded.tried_revision
