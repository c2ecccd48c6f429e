-- Corrections in one of these states, the newest first, each with the entries it caused.
select
    c.event_id, c.corrects, c.replacement, c.occurred_at, c.plant, c.line, c.reason, c.booked_by,
    c.state, c.why, c.applied_at,
    array(
        select l.event_id || '#' || l.entry_no from copq.ledger as l
        where l.corrected_by = c.event_id
        order by l.event_id, l.entry_no
    ) as entries
from copq.correction as c
where c.state = any($1::text[])
order by c.occurred_at desc, c.event_id
limit $2
