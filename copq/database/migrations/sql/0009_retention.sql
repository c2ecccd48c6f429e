-- Each removal of bytes by policy: which bytes, who ordered it, why, and how far it got. What
-- was dropped names it, by `dropped_by`.
create table copq.retention (
    retention bigint generated always as identity primary key,
    ordered_at timestamptz not null default now(),
    ordered_by text not null,
    why text not null,
    subject text not null check (subject in ('events', 'refused')),
    before date not null,
    plant text,
    reached_at timestamptz not null default '-infinity',
    reached_id text collate "C" not null default '',
    dropped bigint not null default 0,
    bytes bigint not null default 0,
    finished_at timestamptz,
    check (plant is null or subject = 'events')
);

-- Whether the figures need an event's bytes no more. A price needs them: so what waits for one
-- keeps them, and what was never booked, since a correction may yet bring it to stand.
create function copq.is_settled(event_id text, occurred_at timestamptz, event_type text)
returns boolean
language sql stable
return not exists (select from copq.unpriced as u where u.event_id = is_settled.event_id)
    and (is_settled.event_type = 'correction'
        or exists (
            select from copq.ledger as l
            where l.occurred_at = is_settled.occurred_at and l.event_id = is_settled.event_id)
        or exists (select from copq.stop as s where s.event_id = is_settled.event_id));

select copq.audit_table('copq.retention', 'reached_at', 'reached_id', 'dropped', 'bytes');
