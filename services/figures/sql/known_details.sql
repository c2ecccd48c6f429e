-- The first $4 stages, defect codes or machines ($3) that entries of the plant $1 and line $2 name, and
-- how many there are.
select name, count(*) over () as known
from (
    select distinct case $3::text
        when 'stage' then stage when 'defect_code' then defect_code else work_unit
    end as name
    from copq.ledger
    where ($1::text is null or plant = $1) and ($2::text is null or line = $2)
) as names
where name > ''
order by name collate "C"
limit $4
