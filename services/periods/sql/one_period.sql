select plant, month, state, closings, first_closed_at, booked_in
from copq.period
where plant = $1 and month = $2
