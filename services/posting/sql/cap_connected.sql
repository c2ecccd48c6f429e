-- Of the new corrections $1 those that hang together with more than $2 ids (see related_ids.sql): a
-- chain of corrections without end would be read again with each link. They are kept and shown,
-- and never looked at again.
with too_many as (
    select added.event_id
    from unnest($1::text[]) as added (event_id)
    where (
        with recursive near (id) as (
            select added.event_id collate "C"
            union
            select other.id
            from near
            cross join lateral (
                select event_id from copq.correction where event_id = near.id and not beyond
                union
                select event_id from copq.correction where corrects = near.id and not beyond
                union
                select event_id from copq.correction where replacement = near.id and not beyond
            ) as of_it
            join copq.correction as c on c.event_id = of_it.event_id
            left join copq.event_key as target on target.event_id = c.corrects
            left join copq.event_key as brought on brought.event_id = c.replacement
            cross join lateral (
                select coalesce((target.plant, target.line) <> (c.plant, c.line), false) as strange
            ) as s
            cross join lateral (
                select s.strange
                    or coalesce((brought.plant, brought.line)
                        <> (c.replacement_plant, c.replacement_line), false) as brings_nothing
            ) as b
            cross join lateral (values
                (c.event_id),
                (case when not strange then c.corrects end),
                (case when not brings_nothing then c.replacement end)) as other (id)
            where other.id is not null
        )
        select count(*) from (select from near limit $2 + 1) as counted
    ) > $2
)
update copq.correction as c
set beyond = true, state = 'not_applicable',
    why = format(
        'it hangs together with more than %s events and corrections: send the right event again '
        'with an id of its own', $2::int)
from too_many
where c.event_id = too_many.event_id
returning c.event_id
