-- The ids that hang together with these: what corrections name, and the corrections themselves. What
-- a correction of another line's event names is not followed, nor a replacement whose id is that of
-- another line's event: neither can apply.
with recursive near (id) as (
    select unnest($1::text[]) collate "C"
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
select id from near
