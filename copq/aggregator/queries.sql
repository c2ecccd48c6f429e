-- name: make_fence
-- A partition that is seen for the first time starts at its first offset.
insert into copq.fence (topic, partition, next_offset)
select :topic, partition, 0 from unnest(:partitions::int[]) as partition order by partition
on conflict do nothing

-- name: read_fence
-- How far a topic is read, partition by partition.
select partition, next_offset, topic_id, leader_epoch, fingerprint from copq.fence
where topic = :topic

-- name: lock_fence
-- How far the partitions are read and in which logs, locked until the batch is posted.
select partition, next_offset, topic_id, leader_epoch, fingerprint from copq.fence
where topic = :topic and partition = any(:partitions::int[])
order by partition
for update

-- name: move_fence
-- Move the fence behind a batch, in the transaction that posts it.
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
