-- The $6 lines of plant $1 with the greatest failure cost after $2 up to $3; a stop counts from an
-- hour earlier on, since it may last into that time.
select line
from copq.ledger
where occurred_at > $2::timestamptz - interval '1 hour' and occurred_at <= $3 and plant = $1
    and category = any($4::text[]) and currency = $5
    and (occurred_at > $2 or seconds <> 0)
group by line
having sum(net) > 0
order by sum(net) desc, line collate "C"
limit $6
