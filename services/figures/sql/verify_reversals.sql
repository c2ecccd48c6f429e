-- Reversals that do not take back exactly one entry, to the last digit and alone.
with reversals as (
    select *, count(*) over (partition by event_id, reverses) as times
    from copq.ledger
    where reverses is not null
)
select r.event_id, r.entry_no, r.reverses, count(e.event_id) as taken_back
from reversals as r
left join copq.ledger as e
    on e.event_id = r.event_id and e.entry_no = r.reverses and e.reverses is null and r.times = 1
    and (e.plant, e.line, coalesce(e.product, ''), e.element, e.category, e.currency, e.hour, e.day)
        = (r.plant, r.line, coalesce(r.product, ''), r.element, r.category, r.currency, r.hour, r.day)
    and (e.quantity, e.gross, e.recovered, e.allowed, e.net, e.seconds, e.base, e.good, e.ungraded)
        = (-r.quantity, -r.gross, -r.recovered, -r.allowed, -r.net, -r.seconds, -r.base, -r.good, -r.ungraded)
    and (e.exchange_rate, e.reporting_currency)
        is not distinct from (r.exchange_rate, r.reporting_currency)
group by r.event_id, r.entry_no, r.reverses
having count(e.event_id) <> 1
order by r.event_id, r.entry_no
