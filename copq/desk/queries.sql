-- name: forget
-- Forget the requests that are older than a week.
delete from copq.request_key
where (who, key) in (
    select who, key from copq.request_key where asked_at < now() - interval '7 days'
    order by asked_at limit 100 for update skip locked)

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

-- name: place_of_event
-- Plant and line of an event; nothing where only a correction names it.
select plant, line from copq.event_key where event_id = :event_id and plant is not null

-- name: add_job
-- Ask for long work.
insert into copq.job (kind, request, why, asked_by, role, lines)
values (:kind, :request, :why, :asked_by, :role, :lines)
returning *

-- name: job
-- A job.
select * from copq.job where job = :job

-- name: list_jobs
-- Jobs, the newest first: those with a smaller number than :before, and those that :asked_by asked
-- for; null: all.
select * from copq.job
where (:before::bigint is null or job < :before)
    and (:asked_by::text is null or asked_by = :asked_by)
order by job desc
limit :limit

-- name: claim_job
-- Take the oldest job that waits, or whose worker has not been heard of for :gone_s seconds.
update copq.job
set state = 'running', worker = :worker, heartbeat = clock_timestamp(), attempts = attempts + 1
where job = (
    select job from copq.job
    where ended_at is null
        and (state = 'waiting' or heartbeat < clock_timestamp() - make_interval(secs => :gone_s))
    order by job
    limit 1
    for update skip locked)
returning *

-- name: forget_jobs
-- Forget jobs that ended longer ago than :days.
delete from copq.job where ended_at < now() - make_interval(days => :days)

-- name: beat
-- Say how far a job is; nothing where it was cancelled, or another worker has it.
update copq.job
set heartbeat = clock_timestamp(), progress = :progress, total = :total
where job = :job and worker = :worker and state = 'running'
returning job

-- name: release_job
-- Let another worker continue a job.
update copq.job set state = 'waiting', worker = null
where job = :job and worker = :worker and state = 'running'

-- name: end_job
-- Keep the answer of a job, or why it failed.
update copq.job
set state = :state, answer = :answer, message = :message, progress = :progress, total = :total,
    ended_at = clock_timestamp()
where job = :job and worker = :worker and state = 'running'

-- name: cancel_job
-- End a job that waits or runs; nothing where it has ended.
update copq.job
set state = 'cancelled', ended_at = clock_timestamp(), ended_by = :by, message = :message
where job = :job and ended_at is null
returning *

-- name: keep_upload
-- Keep a file until it is submitted.
insert into copq.upload (key, who, name, data) values (:key, :who, :name, :data)

-- name: kept_upload
-- A file that the same person has sent.
select name, data from copq.upload where key = :key and who = :who

-- name: forget_uploads
-- Forget files that nobody submitted, and all but the newest of a person: not what the set-up guide
-- keeps (draft/), nor what long work has still to read.
delete from copq.upload
where kept_at < now() - interval '1 day' or key in (
    select key from copq.upload
    where who = :who and key not like 'draft/%' and not exists (
        select from copq.job where ended_at is null and request ->> 'upload' = upload.key)
    order by kept_at desc offset 4)
