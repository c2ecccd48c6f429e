-- The tables whose changes are written to the trail.
select c.relname::text as name
from pg_trigger t
join pg_class c on c.oid = t.tgrelid
where t.tgname = 'audited' and not t.tgisinternal and c.relnamespace = 'copq'::regnamespace
order by 1
