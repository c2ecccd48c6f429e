-- name: add_rejected
-- Store a refused message, unless it is stored already.
insert into copq.rejected (
    rejected_at, origin_topic, origin_partition, origin_offset, origin_fingerprint, code, field,
    message, size, headers, sent_by, payload)
values (
    :rejected_at, :origin_topic, :origin_partition, :origin_offset, :origin_fingerprint, :code,
    :field, :message, :size, :headers, :sent_by, :payload)
on conflict do nothing

-- name: list_rejected
-- Refused messages, the newest first. :replayed includes messages that were replayed or have lost
-- their bytes. :ids selects only these messages, :before those with a smaller id, :sender those that it
-- sent.
select
    rejected_id, rejected_at, origin_topic, origin_partition, origin_offset, code, field, message,
    size, headers, sent_by, payload, dropped_by, replayed_at, replayed_by
from copq.rejected
where (:replayed or replayed_at is null and payload is not null)
    and (:ids::bigint[] is null or rejected_id = any(:ids))
    and (:before::bigint is null or rejected_id < :before)
    and (:sender::text is null or sent_by = :sender)
order by rejected_id desc
limit :limit

-- name: mark_replayed
-- Mark messages as replayed.
update copq.rejected set replayed_at = now(), replayed_by = :by
where rejected_id = any(:ids::bigint[])
