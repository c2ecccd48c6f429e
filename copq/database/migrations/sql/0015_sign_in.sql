-- People who sign in at an identity provider. Each has one name here, fixed at the first sign-in: what a
-- person decides stays attributed to this name, and a renamed account cannot approve its own work.
create table copq.person (
    issuer text collate "C" not null,
    subject text collate "C" not null,
    name text not null,
    first_seen_at timestamptz not null,
    primary key (issuer, subject)
);

-- A sign-in that is under way at the provider. `state_hash` is of the state in the address,
-- `browser_hash` of the cookie of the browser that began it. Each is taken once.
create table copq.sign_in (
    state_hash bytea primary key check (octet_length(state_hash) = 32),
    browser_hash bytea not null check (octet_length(browser_hash) = 32),
    nonce text not null,
    verifier text not null,
    go_to text not null,
    expires_at timestamptz not null
);
create index sign_in_expires_at on copq.sign_in (expires_at);

-- Who is signed in, with the role and the lines that the claims gave. The cookie's text is nowhere:
-- its hash is that of 32 random bytes.
create table copq.session (
    session bigint generated always as identity primary key,
    hash bytea not null unique check (octet_length(hash) = 32),
    issuer text collate "C" not null,
    subject text collate "C" not null,
    name text not null,
    role text not null check (role in ('operator', 'manager', 'finance', 'admin')),
    -- As in copq.token.
    lines jsonb check (jsonb_typeof(lines) = 'array' and lines <> '[]'),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    idle_s int not null check (idle_s > 0),
    last_used_at timestamptz not null,
    ended_at timestamptz,
    ended_by text,
    foreign key (issuer, subject) references copq.person
);
create index session_newest on copq.session (created_at desc);

-- A session is used and ended once; it is never removed, widened or opened again.
create function copq.keep_session() returns trigger
language plpgsql as $$
declare
    may_change text[] := array['last_used_at'];
begin
    if tg_op = 'UPDATE' then
        if old.ended_at is null then
            may_change := may_change || array['ended_at', 'ended_by'];
        end if;
        if to_jsonb(old) - may_change = to_jsonb(new) - may_change then
            return new;
        end if;
    end if;
    raise exception 'session % of "%" can only be ended', old.session, old.name
        using errcode = 'restrict_violation';
end $$;
create trigger keep_session before update or delete on copq.session
    for each row execute function copq.keep_session();

select copq.append_only('copq.person');
select copq.audit_table('copq.person');
select copq.audit_table('copq.session', 'hash', 'last_used_at');

-- The door reads and writes these tables through functions alone, so that a service which lets people
-- in has no right to any of them.
create function copq.begin_sign_in(
    state_hash bytea, browser_hash bytea, nonce text, verifier text, go_to text, at timestamptz,
    expires_at timestamptz) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
begin atomic
    delete from copq.sign_in as old where old.expires_at < begin_sign_in.at;
    insert into copq.sign_in (state_hash, browser_hash, nonce, verifier, go_to, expires_at)
    values (state_hash, browser_hash, nonce, verifier, go_to, expires_at);
end;

create function copq.take_sign_in(wanted bytea) returns setof copq.sign_in
language sql security definer
set search_path = pg_catalog, pg_temp
begin atomic
    delete from copq.sign_in where state_hash = wanted returning *;
end;

create function copq.end_session(wanted bytea, at timestamptz) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform set_config('copq.why', 'signed out', true), set_config('copq.who', s.name, true)
    from copq.session as s where s.hash = wanted;
    update copq.session set ended_at = end_session.at, ended_by = name
    where hash = wanted and ended_at is null;
end $$;

-- The person's name here. `replaced` is the session that the browser had.
create function copq.begin_session(
    hash bytea, issuer text, subject text, name text, role text, lines jsonb, at timestamptz,
    expires_at timestamptz, idle_s int, replaced bytea) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    known text;
begin
    perform copq.end_session(begin_session.replaced, begin_session.at);
    select coalesce(
        (select p.name from copq.person as p
        where p.issuer = begin_session.issuer and p.subject = begin_session.subject),
        begin_session.name) into known;
    perform set_config('copq.who', known, true), set_config('copq.why', 'signed in', true);
    insert into copq.person (issuer, subject, name, first_seen_at)
    values (begin_session.issuer, begin_session.subject, begin_session.name, begin_session.at)
    on conflict do nothing;
    select p.name into known from copq.person as p
    where p.issuer = begin_session.issuer and p.subject = begin_session.subject;
    insert into copq.session (
        hash, issuer, subject, name, role, lines, created_at, expires_at, idle_s, last_used_at)
    values (
        begin_session.hash, begin_session.issuer, begin_session.subject, known,
        begin_session.role, begin_session.lines, begin_session.at, begin_session.expires_at,
        begin_session.idle_s, begin_session.at);
    return known;
end $$;

-- The session, noted as used: to the minute, as with tokens.
create function copq.use_session(wanted bytea, at timestamptz) returns setof copq.session
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    update copq.session
    set last_used_at = use_session.at
    where hash = wanted and ended_at is null and expires_at > use_session.at
        and last_used_at < use_session.at - interval '1 minute'
        and last_used_at > use_session.at - idle_s * interval '1 second';
    return query select * from copq.session where hash = wanted;
end $$;

revoke all on function
    copq.begin_sign_in(bytea, bytea, text, text, text, timestamptz, timestamptz),
    copq.take_sign_in(bytea),
    copq.begin_session(bytea, text, text, text, text, jsonb, timestamptz, timestamptz, int, bytea),
    copq.use_session(bytea, timestamptz),
    copq.end_session(bytea, timestamptz)
from public;
