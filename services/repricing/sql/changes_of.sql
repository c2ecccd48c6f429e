select plant, product, month, currency, events, reversed, booked, base
from copq.repricing_change
where repricing_id = $1
order by plant, product, month, currency
