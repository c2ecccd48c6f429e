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
