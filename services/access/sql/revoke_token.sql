-- Whether the token is there: revoking it again changes nothing.
with revoked as (
    update copq.token set revoked_at = now(), revoked_by = $2
    where name = $1 and revoked_at is null
)
select exists (select from copq.token where name = $1)
