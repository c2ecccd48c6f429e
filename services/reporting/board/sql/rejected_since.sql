-- Refused messages that wait, by why; the most first.
select code, field, count(*) as messages from copq.rejected
where replayed_at is null and rejected_at >= $1
group by code, field
order by messages desc, code, field
