-- The first $3 lines or products ($2) that have figures, of plant $1 or of all, and how many there are.
select name, count(*) over () as known
from (
    select distinct case $2::text when 'line' then line else product end as name
    from copq.rollup
    where grain = 'month' and ($1::text is null or plant = $1)
) as names
where name > ''
order by name collate "C"
limit $3
