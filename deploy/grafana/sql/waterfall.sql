-- From one sum to another, the elements that changed most between them. `below` is how high a
-- step hangs; it is not drawn.
with figures as (
    {figures}
),
ranked as (
    select
        element, sum(after) - sum(before) as change,
        row_number() over (order by abs(sum(after) - sum(before)) desc, element) as place
    from figures
    group by element
    having sum(after) <> sum(before)
),
step as (
    select
        least(place, 9) as place, case when place < 9 then element else 'all others' end as step,
        sum(change) as change
    from ranked
    group by 1, 2
),
hung as (
    select
        place, step, change,
        (select sum(before) from figures) + sum(change) over (order by place) as reached
    from step
)
select
    step, copq.rounded(below, '$currency') as below, copq.rounded(sum, '$currency') as sum,
    copq.rounded(more, '$currency') as more, copq.rounded(less, '$currency') as less
from (
    select
        0 as place, '{before}' as step, null as below, sum(before) as sum, null as more,
        null as less
    from figures
    union all
    select
        place, step, least(reached, reached - change), null, nullif(greatest(change, 0), 0),
        nullif(greatest(-change, 0), 0)
    from hung
    union all
    select 10, '{after}', null, sum(after), null, null
    from figures
) as drawn
order by place
