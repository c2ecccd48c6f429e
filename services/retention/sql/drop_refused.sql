-- The bytes of the next $2 messages that were refused before $1.
with due as (
    select rejected_id, octet_length(payload) as size
    from copq.rejected
    where rejected_at < $1 and payload is not null
    order by rejected_id
    limit $2
    for update skip locked
), dropped as (
    update copq.rejected as r
    set payload = null, headers = '[]', dropped_by = $3
    from due
    where r.rejected_id = due.rejected_id
    returning due.size
)
select count(*) as dropped, coalesce(sum(size), 0)::bigint as bytes from dropped
