-- The tables that hold data of their own, each with its columns; a partition's are its parent's.
-- Those that others refer to come first.
with recursive tables as (
    select c.oid, n.nspname as schema, c.relname as name
    from pg_class as c
    join pg_namespace as n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition
        and (n.nspname = 'copq' or c.relname = 'alembic_version')
), depth as (
    select oid, 0 as level from tables
    union
    select f.conrelid, d.level + 1
    from depth as d
    join pg_constraint as f on f.confrelid = d.oid and f.contype = 'f' and f.conrelid <> d.oid
)
select
    t.schema, t.name,
    array(
        select a.attname::text from pg_attribute as a
        where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
        order by a.attnum) as columns,
    exists (
        select from pg_trigger as g where g.tgrelid = t.oid and not g.tgisinternal) as has_triggers
from tables as t
join (select oid, max(level) as level from depth group by oid) as d using (oid)
order by d.level, t.schema, t.name
