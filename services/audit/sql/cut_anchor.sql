-- A new anchor, later than the one before and than all that is booked.
insert into copq.anchor (anchor, until)
select
    coalesce(max(anchor), 0) + 1,
    greatest(clock_timestamp(), max(until) + interval '1 microsecond')
from copq.anchor
