update copq.fence as f set next_offset = moved.next_offset
from unnest($2::int[], $3::bigint[]) as moved (partition, next_offset)
where f.topic = $1 and f.partition = moved.partition
