-- Refused messages that wait, by why; the $2 most frequent first. Each row says how many messages and
-- kinds there are in all.
select
    code, field, count(*) as messages, sum(count(*)) over ()::bigint as messages_total,
    count(*) over () as kinds
from copq.rejected
where replayed_at is null and rejected_at >= $1
group by code, field
order by messages desc, code, field
limit $2
