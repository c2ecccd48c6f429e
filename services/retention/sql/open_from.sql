-- The first month that is open, of each plant that closes months: one that was reopened, or that
-- after the last which was ever closed.
select
    plant,
    coalesce(
        min(month) filter (where state = 'open'),
        max(month) + interval '1 month')::date as month
from copq.period
group by plant
