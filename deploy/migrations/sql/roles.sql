-- The roles that services and commands act in. They belong to the server, not to one database:
-- made where they are missing, whoever else makes them at the same time. None can log in; who
-- migrates may act in each, so that one login can serve all where there is but one.
do $$
declare
    role text;
    missing text[] := '{}';
begin
    foreach role in array array[
        'copq_door', 'copq_ingest', 'copq_costing', 'copq_aggregator', 'copq_reporting',
        'copq_finance', 'copq_admin'] loop
        begin
            if not exists (select from pg_roles where rolname = role) then
                execute format('create role %I nologin', role);
            end if;
        exception
            when duplicate_object or unique_violation then null; -- another was quicker
            when insufficient_privilege then missing := missing || role;
        end;
    end loop;
    if missing <> '{}' then
        raise exception '"%" may not create the database roles that copq needs', current_user
            using errcode = 'insufficient_privilege',
                hint = format(
                    'Let an administrator of the server run: %s. Then run copq migrate again.',
                    (select string_agg(
                        format('create role %I nologin; grant %I to %I', name, name, current_user),
                        '; ') from unnest(missing) as name));
    end if;
    foreach role in array array[
        'copq_door', 'copq_ingest', 'copq_costing', 'copq_aggregator', 'copq_reporting',
        'copq_finance', 'copq_admin'] loop
        if not pg_has_role(current_user, role, 'set') then
            execute format('grant %I to %I', role, current_user);
        end if;
    end loop;
end $$;
