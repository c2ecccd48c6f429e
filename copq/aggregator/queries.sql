-- name: make_fence
-- A new partition starts at its first offset.
insert into copq.fence (topic, partition, next_offset)
select :topic, partition, 0 from unnest(:partitions::int[]) as partition order by partition
on conflict do nothing

-- name: read_fence
-- The fence of each partition of a topic.
select partition, next_offset, topic_id, leader_epoch, fingerprint from copq.fence
where topic = :topic

-- name: lock_fence
-- The fences of the partitions, locked until the batch is posted.
select partition, next_offset, topic_id, leader_epoch, fingerprint from copq.fence
where topic = :topic and partition = any(:partitions::int[])
order by partition
for update

-- name: move_fence
-- Move the fence after a batch, in the transaction that posts the batch.
update copq.fence as f set
    next_offset = moved.next_offset,
    topic_id = moved.topic_id,
    leader_epoch = moved.leader_epoch,
    fingerprint = moved.fingerprint
from unnest(
    :partitions::int[], :next_offsets::bigint[], :topic_ids::text[], :leader_epochs::int[],
    :fingerprints::text[])
    as moved (partition, next_offset, topic_id, leader_epoch, fingerprint)
where f.topic = :topic and f.partition = moved.partition
