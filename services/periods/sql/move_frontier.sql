-- Where the plant books late events of months that are not open: after the last month that
-- was ever closed, so never in one that was reopened for a reason of its own.
update copq.period set booked_in = frontier
from (
    select (max(month) + interval '1 month')::date as frontier
    from copq.period
    where plant = $1
) as last
where plant = $1 and state <> 'open' and booked_in <> frontier
