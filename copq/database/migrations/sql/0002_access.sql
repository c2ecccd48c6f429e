-- Who may send and read. The token itself is nowhere: its hash is that of 32 random bytes, which
-- nobody finds again. `name` is kept with every event (`sent_by`), so it is never given twice.
create table copq.token (
    name text collate "C" primary key,
    token_id text collate "C" not null unique,
    hash bytea not null check (octet_length(hash) = 32),
    role text not null check (role in ('operator', 'manager', 'finance', 'admin')),
    -- [[plant, line], …]; a line of null is all lines of the plant; null is every plant.
    lines jsonb check (jsonb_typeof(lines) = 'array' and lines <> '[]'),
    requests_per_s double precision check (requests_per_s > 0),
    events_per_s double precision check (events_per_s > 0),
    bytes_per_s double precision check (bytes_per_s > 0),
    created_at timestamptz not null default now(),
    created_by text not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    revoked_by text,
    last_used_at timestamptz
);

-- A token is revoked, never removed or widened: what it sent stays attributed to what it was.
create function copq.keep_token() returns trigger
language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.revoked_at is null
        and to_jsonb(old) - array['revoked_at', 'revoked_by', 'last_used_at']
            = to_jsonb(new) - array['revoked_at', 'revoked_by', 'last_used_at'] then
        return new;
    end if;
    if tg_op = 'UPDATE'
        and to_jsonb(old) - 'last_used_at' = to_jsonb(new) - 'last_used_at' then
        return new;
    end if;
    raise exception 'token "%" can only be revoked', old.name
        using errcode = 'restrict_violation';
end $$;
create trigger keep_token before update or delete on copq.token
    for each row execute function copq.keep_token();

-- Names that a sender was the first to bring and that the rate book did not know: a sender may bring a limited number of a
-- kind, and events with more are refused.
create table copq.brought_name (
    sent_by text not null,
    kind text not null,
    name text not null,
    brought_at timestamptz not null default now(),
    primary key (sent_by, kind, name)
);

-- What a person entered in the form, as it was filled in. The events that it made have ids
-- derived from `entry_id`, so that sending it again changes nothing.
create table copq.form_entry (
    entry_id text collate "C" primary key,
    entered_by text,
    entered_at timestamptz not null default now(),
    plant text not null,
    line text not null,
    product text not null,
    filled jsonb not null,
    events jsonb not null,
    sent_at timestamptz,
    withdrawn_at timestamptz
);
create index form_entry_newest on copq.form_entry (entered_by, entered_at desc);

-- The id of a refused message, escaped, as far as one can be seen near its beginning. It never
-- fails and is never too long for an index, whatever the bytes: what is refused must be kept.
create function copq.event_id_in(payload bytea) returns text
language sql immutable strict parallel safe
return left(
    substring(encode(substring(payload for 4096), 'escape') from '"event_id"\s*:\s*"([^"]*)"'),
    2100);
create index rejected_event_id on copq.rejected (copq.event_id_in(payload));
