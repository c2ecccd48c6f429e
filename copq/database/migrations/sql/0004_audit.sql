-- The audit trail: each decision (a rate, a target, a token) as it was made, by whom, from where
-- and why. Every row is sealed with SHA-256 over itself and the seal of the row before it, so
-- that none can be altered or taken out without breaking all that follow.
create table copq.audit (
    seq bigint primary key,
    at timestamptz not null,
    -- Who decided: the token's name or the person's, as the service or command says; without
    -- it the database user.
    who text not null,
    -- What Postgres itself knows: who was connected, in which role, from which address.
    db_user text not null,
    db_role text,
    client text not null,
    application text not null,
    action text not null check (action in ('insert', 'update', 'delete')),
    subject text not null,
    old jsonb,
    new jsonb,
    why text,
    hash bytea not null check (octet_length(hash) = 32)
);
create index audit_subject on copq.audit (subject, seq);

-- What the seal of a row is over. `copq audit verify` writes the same text by code of its own.
create function copq.audit_record(a copq.audit) returns text
language sql stable
set timezone = 'UTC'
return json_build_object(
    'seq', a.seq, 'at', to_char(a.at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'who', a.who,
    'db_user', a.db_user, 'db_role', a.db_role, 'client', a.client,
    'application', a.application, 'action', a.action, 'subject', a.subject, 'old', a.old,
    'new', a.new, 'why', a.why)::text;

-- For a table of decisions: writes down each row that is made, changed or removed. The arguments
-- are columns that are not copied: secrets, and what is not a decision; where nothing but these
-- changes there is nothing to write. One transaction at a time, until it ends: that is the chain.
-- It runs as its owner, since nobody else may write to the trail.
create function copq.audited() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set bytea_output = 'hex'
as $$
declare
    found copq.audit;
    before_it bytea;
    left_out text[] := coalesce(tg_argv[:], '{}');
begin
    if tg_op <> 'INSERT' then
        found.old := to_jsonb(old) - left_out;
    end if;
    if tg_op <> 'DELETE' then
        found.new := to_jsonb(new) - left_out;
    end if;
    if found.old = found.new then
        return null;
    end if;
    perform pg_advisory_xact_lock(hashtextextended('copq.audit', 0));
    select seq, hash into found.seq, before_it from copq.audit order by seq desc limit 1;
    found.seq := coalesce(found.seq, 0) + 1;
    found.at := clock_timestamp();
    found.who := coalesce(nullif(current_setting('copq.who', true), ''), session_user);
    found.db_user := session_user;
    found.db_role := nullif(current_setting('role'), 'none');
    found.client := coalesce(host(inet_client_addr()), 'local');
    found.application := current_setting('application_name');
    found.action := lower(tg_op);
    found.subject := tg_table_schema || '.' || tg_table_name;
    found.why := nullif(current_setting('copq.why', true), '');
    found.hash := sha256(
        coalesce(before_it, '') || convert_to(copq.audit_record(found), 'UTF8'));
    insert into copq.audit values (found.*);
    return null;
end $$;
revoke all on function copq.audited() from public;

-- Put a table of decisions under audit, once, in the migration that makes it:
-- select copq.audit_table('copq.token', 'hash');
create function copq.audit_table(decisions regclass, variadic left_out text[] default '{}')
returns void
language plpgsql as $$
begin
    execute format(
        'create trigger audited after insert or update or delete on %s '
        'for each row execute function copq.audited(%s)',
        decisions,
        (select string_agg(quote_literal(name), ', ') from unnest(left_out) as name));
    if not exists (
        select from pg_trigger where tgrelid = decisions and tgname = 'never_truncated') then
        perform copq.never_truncated(decisions);
    end if;
end $$;

select copq.append_only('copq.audit');

select copq.append_only('copq.target');
select copq.append_only('copq.budget');
select copq.append_only('copq.base_amount');

-- Anchors: what was booked, and the bytes of what was received, after the anchor before and until
-- `until`, by a digest for each plant and day. The row is written while no batch is being booked,
-- and all that is booked later is later than `until`; the digests follow, in their own time.
create table copq.anchor (
    anchor bigint primary key,
    until timestamptz not null unique
);

-- `kind` says which rows: entries by production day, or events by their day in UTC.
create table copq.anchor_day (
    anchor bigint not null references copq.anchor,
    kind text not null check (kind in ('entries', 'events')),
    plant text collate "C" not null,
    day date not null,
    rows bigint not null,
    digest text not null,
    primary key (anchor, kind, plant, day)
);

-- The digest of the anchor before, of `until` and of all days: so the newest stands for all.
create table copq.anchor_digest (
    anchor bigint primary key references copq.anchor,
    until timestamptz not null,
    days bigint not null,
    digest text not null
);

-- The instant at which a statement books.
create function copq.booking_instant() returns timestamptz
language sql stable
return greatest(
    statement_timestamp(),
    (select until + interval '1 microsecond' from copq.anchor order by until desc limit 1));

select copq.append_only('copq.anchor');
select copq.append_only('copq.anchor_day');
select copq.append_only('copq.anchor_digest');

select copq.audit_table('copq.rate_revision');
select copq.audit_table('copq.rate_item');
select copq.audit_table('copq.anchor_digest');
select copq.audit_table('copq.target');
select copq.audit_table('copq.budget');
select copq.audit_table('copq.base_amount');
select copq.audit_table('copq.token', 'hash', 'last_used_at');
