-- How many tables of copq there are: none where a backup may go.
select count(*) from pg_tables where schemaname = 'copq' or tablename = 'alembic_version'
