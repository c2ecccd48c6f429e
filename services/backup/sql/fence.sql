-- Where the stream goes on.
select topic, partition, next_offset from copq.fence order by topic, partition
