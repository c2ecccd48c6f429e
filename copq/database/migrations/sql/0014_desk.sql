-- What was asked for with an Idempotency-Key and done: the same request gets the same answer again,
-- and nothing is done twice. A row is written by the transaction that does what it asks for, or
-- right after it where an act has transactions of its own.
create table copq.request_key (
    who text collate "C" not null,
    key text collate "C" not null check (length(key) between 1 and 255),
    digest bytea not null check (octet_length(digest) = 32),
    asked_at timestamptz not null default now(),
    status int,
    headers jsonb,
    answer text,
    primary key (who, key)
);
create index request_key_asked_at on copq.request_key (asked_at);

-- A file that was checked on a page and is not submitted yet; forgotten after a day.
create table copq.upload (
    key text collate "C" primary key,
    who text collate "C" not null,
    name text not null,
    data bytea not null check (octet_length(data) <= 16777216),
    kept_at timestamptz not null default now()
);
create index upload_kept_at on copq.upload (kept_at);

-- Long work that a person asked for: a service does it, and continues what a killed one has begun.
-- `lines` are those of the token of who asked, as in copq.token; null: all.
create table copq.job (
    job bigint generated always as identity primary key,
    kind text not null,
    request jsonb not null,
    why text not null,
    asked_by text not null,
    role text,
    lines jsonb,
    asked_at timestamptz not null default now(),
    state text not null default 'waiting'
        check (state in ('waiting', 'running', 'done', 'failed', 'cancelled')),
    worker uuid,
    heartbeat timestamptz,
    attempts int not null default 0,
    progress bigint not null default 0,
    total bigint not null default 0,
    answer jsonb,
    message text,
    ended_at timestamptz,
    ended_by text,
    check ((ended_at is null) = (state in ('waiting', 'running')))
);
create index job_open on copq.job (job) where ended_at is null;
