-- What waits to be fixed and replayed.
select code, count(*) as events
from copq.rejected
where replayed_at is null and payload is not null
group by code
