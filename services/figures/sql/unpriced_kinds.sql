-- How many groups unpriced_groups.sql has without a limit, and how many reasons.
select count(*) as groups, count(distinct reason) as reasons
from (
    select distinct reason, event_type, plant, line, product
    from copq.unpriced
    where ($1::text is null or plant = $1) and ($2::text is null or line = $2)
) as kinds
