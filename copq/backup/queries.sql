-- name: names
-- Everything that the migrations make, as pg_restore --list names it: kind and name.
with own as (
    select oid from pg_namespace where nspname = 'copq'
), tables as (
    select c.oid, c.relname, c.relkind from pg_class as c
    where c.relnamespace in (select oid from own) or c.relname in ('alembic_version', 'alembic_version_pkc')
)
select 'SCHEMA' as kind, 'copq'::text as name
union all
select case relkind
        when 'v' then 'VIEW' when 'S' then 'SEQUENCE' when 'i' then 'INDEX' when 'I' then 'INDEX'
        else 'TABLE' end, relname::text
from tables
union all
select 'FUNCTION', proname::text from pg_proc where pronamespace in (select oid from own)
union all
select 'TRIGGER', t.relname::text || ' ' || g.tgname
from pg_trigger as g join tables as t on t.oid = g.tgrelid
where not g.tgisinternal
union all
select 'POLICY', t.relname::text || ' ' || p.polname
from pg_policy as p join tables as t on t.oid = p.polrelid
union all
select 'CONSTRAINT', t.relname::text || ' ' || c.conname
from pg_constraint as c join tables as t on t.oid = c.conrelid
union all
select 'DEFAULT', t.relname::text || ' ' || a.attname
from pg_attrdef as d
join tables as t on t.oid = d.adrelid
join pg_attribute as a on a.attrelid = d.adrelid and a.attnum = d.adnum

-- name: columns
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

-- name: sequences
-- The sequences of the schema.
select c.relname::text as name from pg_class as c
where c.relkind = 'S' and c.relnamespace = 'copq'::regnamespace

-- name: fence
-- Where the stream goes on.
select topic, partition, next_offset from copq.fence order by topic, partition

-- name: tables
-- How many tables of copq there are: none where a backup may go.
select count(*) from pg_tables where schemaname = 'copq' or tablename = 'alembic_version'
