-- Of the new corrections $1, those that are beyond the first $2 of what they correct: kept and
-- told, and never looked at again. Answers all of $1 that are beyond, also of a batch sent before.
with counted as (
    select
        event_id,
        row_number() over (
            partition by corrects
            order by event_id = any($1::text[]), occurred_at, event_id) as place
    from copq.correction
    where not beyond and corrects in (
        select corrects from copq.correction where event_id = any($1::text[]))
), capped as (
    update copq.correction as c
    set beyond = true, state = 'not_applicable',
        why = format('"%s" has %s corrections already; correct the one that is applied', corrects, $2::int)
    from counted
    where counted.event_id = c.event_id and counted.place > $2
        and c.event_id = any($1::text[])
    returning c.event_id
)
select event_id from capped
union
select event_id from copq.correction where beyond and event_id = any($1::text[])
