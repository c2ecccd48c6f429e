-- How far a topic is read, partition by partition.
select partition, next_offset, topic_id, leader_epoch, fingerprint from copq.fence
where topic = $1
