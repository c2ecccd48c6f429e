-- The partitions' next offsets, locked until the batch is posted.
select partition, next_offset from copq.fence
where topic = $1 and partition = any($2::int[])
order by partition
for update
