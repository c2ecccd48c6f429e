-- What the ledger says of a line's stops whose time starts between $3 and $4, reversals included.
select *
from copq.ledger
where plant = $1 and line = $2 and element in ('downtime', 'planned_stop')
    and occurred_at >= $3 and occurred_at < $4
order by occurred_at, event_id, entry_no
