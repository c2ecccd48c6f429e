-- Every token there ever was, in the order they were made.
select
    name, token_id, hash, role, lines, requests_per_s, events_per_s, bytes_per_s, created_at,
    created_by, expires_at, revoked_at, revoked_by, last_used_at
from copq.token
order by created_at, name
