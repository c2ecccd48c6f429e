update copq.fence as f set
    next_offset = moved.next_offset,
    topic_id = moved.topic_id,
    leader_epoch = moved.leader_epoch,
    fingerprint = moved.fingerprint
from unnest($2::int[], $3::bigint[], $4::text[], $5::int[], $6::text[])
    as moved (partition, next_offset, topic_id, leader_epoch, fingerprint)
where f.topic = $1 and f.partition = moved.partition
