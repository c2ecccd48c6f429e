-- All corrections that hang together with these ids: by what they correct, and what they bring.
with recursive near (id) as (
    select unnest($1::text[]) collate "C"
    union
    select other.id
    from near
    cross join lateral (
        select event_id, corrects, replacement from copq.correction where event_id = near.id and not beyond
        union all
        select event_id, corrects, replacement from copq.correction where corrects = near.id and not beyond
        union all
        select event_id, corrects, replacement from copq.correction where replacement = near.id and not beyond
    ) as c
    cross join lateral (values (c.event_id), (c.corrects), (c.replacement)) as other (id)
    where other.id is not null
)
select c.*
from copq.correction as c
where c.event_id in (select id from near) and not c.beyond
order by c.occurred_at, c.event_id
