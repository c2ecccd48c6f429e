-- The tables under audit, and the columns that the trail leaves out of each: texts that end in \0.
select format('%I.%I', n.nspname, c.relname) as name, n.nspname || '.' || c.relname as subject,
    t.tgargs as left_out
from pg_trigger as t
join pg_class as c on c.oid = t.tgrelid
join pg_namespace as n on n.oid = c.relnamespace
where t.tgname = 'audited' and not t.tgisinternal and n.nspname = 'copq'
order by 1
