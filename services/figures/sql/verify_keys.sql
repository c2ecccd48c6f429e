-- Events with entries whose id nothing keeps from being booked again.
select distinct event_id
from copq.ledger as l
where not exists (select from copq.event_key as k where k.event_id = l.event_id)
order by event_id
