select
    plant, line, event_type, product, reason, count(*) as events, min(since) as since,
    copq.rounded(sum(copq.worth_at(worth, per_hour, occurred_at, now())), currency) as "worth about", currency
from copq.unpriced
where plant ~ $name$^(${plant:regex})$$name$
group by plant, line, event_type, product, reason, currency
order by events desc
limit 100
