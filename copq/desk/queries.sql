-- name: forget
-- Forget the requests that are older than a week.
delete from copq.request_key where asked_at < now() - interval '7 days'

-- name: begin_request
-- Note a request that is new; null where its key is known. It waits for one that is being done.
insert into copq.request_key (who, key, digest) values (:who, :key, :digest)
on conflict (who, key) do nothing
returning key

-- name: end_request
-- Keep the answer to a request.
update copq.request_key
set status = :status, headers = :headers, answer = :answer
where who = :who and key = :key

-- name: known_request
-- The request of a key, with its answer.
select digest, status, headers, answer from copq.request_key where who = :who and key = :key

-- name: lock_request
-- Let one request of a key be done at a time, also where it has transactions of its own.
select pg_advisory_lock(hashtextextended('copq.request/' || :who::text || '/' || :key::text, 0))

-- name: unlock_request
-- Let the next request of a key be done.
select pg_advisory_unlock(hashtextextended('copq.request/' || :who::text || '/' || :key::text, 0))

-- name: newest_decision
-- The newest row of the audit trail about these tables; 0 where there is none.
select coalesce(max(newest.seq), 0)
from unnest(:subjects::text[]) as asked (subject)
cross join lateral (
    select seq from copq.audit where audit.subject = asked.subject order by seq desc limit 1
) as newest
