-- Entries that stand twice under one number.
select event_id, entry_no, count(*) as entries
from copq.ledger
group by event_id, entry_no
having count(*) > 1
order by event_id, entry_no
