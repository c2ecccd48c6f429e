-- How far the partitions are read and in which logs, locked until the batch is posted.
select partition, next_offset, topic_id, leader_epoch, fingerprint from copq.fence
where topic = $1 and partition = any($2::int[])
order by partition
for update
