select plant, product, month, currency, kind, events, reversed, booked, base
from copq.repricing_change
where repricing_id = $1
order by plant, product, month, currency, kind
