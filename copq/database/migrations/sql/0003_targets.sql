-- What COPQ should stay below, and what a month may lose: as finance sets them, none ever changed.
-- Of two with the same scope and date the later one counts. '' stands for all; an empty value
-- takes the target away from then on.
create table copq.target (
    target_id bigint generated always as identity primary key,
    plant text not null default '',
    line text not null default '',
    product text not null default '',
    period text not null default '' check (
        period in ('', '15m', '1h', '24h', '30d', 'hour', 'last_hour', 'day', 'last_day', 'month', 'last_month')),
    effective_from timestamptz not null,
    ratio numeric check (ratio >= 0),
    set_at timestamptz not null default now(),
    set_by text not null,
    source text not null,
    check (plant <> '' or line = '')
);

create table copq.budget (
    budget_id bigint generated always as identity primary key,
    plant text not null,
    line text not null default '',
    effective_from timestamptz not null,
    amount numeric check (amount >= 0),
    set_at timestamptz not null default now(),
    set_by text not null,
    source text not null
);
