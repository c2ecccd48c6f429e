-- Refused messages with bytes, refused before an instant.
select
    count(*) as messages, coalesce(sum(octet_length(payload)), 0)::bigint as bytes,
    count(*) filter (where replayed_at is null) as waiting
from copq.rejected
where rejected_at < $1 and payload is not null
