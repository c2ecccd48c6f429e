-- What a plant has not finished between $2 and $3. A stop that another report of the same
-- machine's stop has ended is open no longer.
select
    (select count(*) from copq.unpriced
    where plant = $1 and occurred_at >= $2 and occurred_at < $3) as unpriced,
    (select count(*) from copq.correction
    where state = 'waiting' and plant = $1 and occurred_at >= $2 and occurred_at < $3)
        as corrections,
    (select count(*) from copq.stop as o
    where ended_at is null and not voided and plant = $1 and started_at < $3
        and not exists (
            select from copq.stop as c
            where c.plant = o.plant and c.line = o.line and c.started_at = o.started_at
                and c.work_unit is not distinct from o.work_unit and c.ended_at is not null
                and not c.voided)) as stops
