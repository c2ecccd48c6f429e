-- name: sign
-- Who acts and why, for this transaction alone: what keeps the audit trail reads it.
select set_config('copq.who', :who, true), set_config('copq.why', :why, true)

-- name: lock_granting
-- Let nobody else make a token until this transaction ends.
select pg_advisory_xact_lock(hashtextextended('copq.granting', 0))

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

-- name: begin_sign_in
-- Keep what a sign-in needs when the browser is back from the provider.
select copq.begin_sign_in(
    :state_hash, :browser_hash, :nonce, :verifier, :go_to, :at::timestamptz, :expires_at::timestamptz)

-- name: take_sign_in
-- The sign-in with this state; it is taken out, so that it is used once.
select state_hash, browser_hash, nonce, verifier, go_to, expires_at
from copq.take_sign_in(:state_hash)

-- name: begin_session
-- Begin a session, and end the one that the browser had; the person's name here.
select copq.begin_session(
    :hash, :issuer, :subject, :name, :role, :lines::jsonb, :at::timestamptz,
    :expires_at::timestamptz, :idle_s::int, :replaced)

-- name: use_session
-- The session with this hash, noted as used.
select
    session, issuer, subject, name, role, lines, created_at, expires_at, idle_s, last_used_at,
    ended_at, ended_by
from copq.use_session(:hash, :at::timestamptz)

-- name: end_session
-- Sign out.
select copq.end_session(:hash, :at::timestamptz)

-- name: all_sessions
-- Every session there ever was, in the order they began.
select
    session, issuer, subject, name, role, lines, created_at, expires_at, idle_s, last_used_at,
    ended_at, ended_by
from copq.session
order by session

-- name: end_sessions
-- End these sessions; those that had ended stay as they are.
update copq.session set ended_at = :at, ended_by = :by
where session = any(:sessions::bigint[]) and ended_at is null
