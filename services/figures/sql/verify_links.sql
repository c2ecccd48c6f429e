-- Entries that name a correction which does not exist.
select event_id, entry_no, corrected_by
from copq.ledger as l
where corrected_by is not null
    and not exists (select from copq.correction as c where c.event_id = l.corrected_by)
order by event_id, entry_no
