-- name: sign
-- Who acts and why, for this transaction alone: what keeps the audit trail reads it.
select set_config('copq.who', :who, true), set_config('copq.why', :why, true)

-- name: add_token
-- Add a token; no row if the name is, or was, in use.
insert into copq.token (
    name, token_id, hash, role, lines, requests_per_s, events_per_s, bytes_per_s, created_by,
    expires_at)
values (
    :name, :token_id, :hash, :role, :lines::jsonb, :requests_per_s, :events_per_s, :bytes_per_s,
    :created_by, :expires_at)
on conflict (name) do nothing
returning name

-- name: all_tokens
-- Every token there ever was, in the order they were made.
select
    name, token_id, hash, role, lines, requests_per_s, events_per_s, bytes_per_s, created_at,
    created_by, expires_at, revoked_at, revoked_by, last_used_at
from copq.token
order by created_at, name

-- name: revoke_token
-- Whether the token is there: revoking it again changes nothing.
with revoked as (
    update copq.token set revoked_at = now(), revoked_by = :by
    where name = :name and revoked_at is null
)
select exists (select from copq.token where name = :name)

-- name: mark_used
-- Record that these tokens are in use now.
select copq.mark_used(:names::text[])
