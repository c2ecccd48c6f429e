insert into copq.rejected (
    rejected_at, origin_topic, origin_partition, origin_offset, origin_fingerprint, code, field,
    message, size, headers, sent_by, payload)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
on conflict do nothing
