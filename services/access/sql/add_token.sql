insert into copq.token (
    name, token_id, hash, role, lines, requests_per_s, events_per_s, bytes_per_s, created_by,
    expires_at)
values ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10)
on conflict (name) do nothing
returning name
