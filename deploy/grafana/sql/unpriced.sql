select plant, line, event_type, product, reason, count(*) as events, min(since) as since
from copq.unpriced
group by 1, 2, 3, 4, 5
order by events desc
limit 100
