-- Repricings. One goes through the events of its plants and time in the order of
-- (occurred_at, event_id); what lies at or before its position has been repriced.
create table copq.repricing (
    repricing_id bigint generated always as identity primary key,
    revision bigint not null references copq.rate_revision,
    -- What was asked for: null where it was left open.
    plant text,
    product text,
    asked_from date,
    asked_to date,
    -- What has changed of it: no plants means all.
    plants text[],
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    started_at timestamptz not null default now(),
    started_by text not null,
    why text not null,
    position_at timestamptz not null,
    position_id text collate "C" not null default '',
    -- Events to look at; those that a retention has left no bytes keep what was booked.
    total bigint not null,
    dropped bigint not null default 0,
    seen bigint not null default 0,
    unpriced bigint not null default 0,
    state text not null default 'running' check (state in ('running', 'done', 'superseded')),
    ended_at timestamptz
);

-- What a repricing has changed, by kind of cost, so that COPQ is never mixed with other CoQ: `reversed` and `booked` are net, in `currency`.
create table copq.repricing_change (
    repricing_id bigint not null references copq.repricing,
    plant text not null,
    product text not null,
    month date not null,
    currency text not null,
    kind text not null check (kind in ('copq', 'other CoQ', 'base')),
    events bigint not null,
    reversed numeric not null,
    booked numeric not null,
    base numeric not null,
    primary key (repricing_id, plant, product, month, currency, kind)
);

select copq.audit_table('copq.repricing', 'position_at', 'position_id', 'seen', 'unpriced');
