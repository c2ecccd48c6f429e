-- Refused messages, the newest first; $1: those too that were replayed or have no bytes any more;
-- $2: these alone.
select
    rejected_id, rejected_at, origin_topic, origin_partition, origin_offset, code, field, message,
    size, headers, sent_by, payload, dropped_by, replayed_at
from copq.rejected
where ($1 or replayed_at is null and payload is not null) and ($2::bigint[] is null or rejected_id = any($2))
order by rejected_id desc
limit $3
