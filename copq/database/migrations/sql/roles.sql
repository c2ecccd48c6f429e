-- The roles that services and commands act in. They belong to the server, not to one database:
-- made where they are missing, also when two migrations make them at the same time. None can log in; who
-- migrates may act in each, so that one login can serve all where there is but one.
do $$
declare
    roles text[] := array[
        'copq_door', 'copq_ingest', 'copq_costing', 'copq_aggregator', 'copq_reporting',
        'copq_projects', 'copq_pack', 'copq_finance', 'copq_admin'];
    -- Who lets people in may act as the door; who books also prices what is late; who runs projects
    -- or sends packs reads as reporting does.
    within text[] := array[
        ['copq_door', 'copq_ingest'], ['copq_door', 'copq_reporting'],
        ['copq_reporting', 'copq_projects'], ['copq_reporting', 'copq_pack'],
        ['copq_costing', 'copq_aggregator']];
    wanted text[];
    refused text[] := '{}';
    step text;
begin
    wanted := array(
        select format('create role %I nologin', name) from unnest(roles) as name
        where not exists (select from pg_roles where rolname = name));
    wanted := wanted || array(
        select format('grant %I to %I', within[n][1], within[n][2])
        from generate_subscripts(within, 1) as n
        where not exists (
            select from pg_auth_members as m
            join pg_roles as part on part.oid = m.roleid and part.rolname = within[n][1]
            join pg_roles as whole on whole.oid = m.member and whole.rolname = within[n][2]));
    foreach step in array wanted loop
        begin
            execute step;
        exception
            when duplicate_object or unique_violation then null; -- another was quicker
            when insufficient_privilege or undefined_object then refused := refused || step;
        end;
    end loop;
    if refused <> '{}' then
        raise exception '"%" may not make the database roles that copq needs', current_user
            using errcode = 'insufficient_privilege',
                hint = format(
                    'Let an administrator of the server run: %s; grant %s to %I. '
                    'Then run copq migrate again.',
                    array_to_string(refused, '; '), array_to_string(roles, ', '), current_user);
    end if;
    foreach step in array roles loop
        begin
            if not pg_has_role(current_user, step, 'set') then
                execute format('grant %I to %I', step, current_user);
            end if;
        exception when insufficient_privilege then null; -- its services have logins of their own
        end;
    end loop;
end $$;
