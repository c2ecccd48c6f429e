select c.relname::text as name from pg_class as c
where c.relkind = 'S' and c.relnamespace = 'copq'::regnamespace
