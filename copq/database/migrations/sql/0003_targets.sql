-- What COPQ should stay below, what a month may cost, and what costs are compared with: as finance
-- sets them, none ever changed.
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

-- `category` is one of the cost of quality; '' is COPQ, which is all failure.
create table copq.budget (
    budget_id bigint generated always as identity primary key,
    plant text not null,
    line text not null default '',
    category text not null default '' check (
        category in ('', 'prevention', 'appraisal', 'internal_failure', 'external_failure', 'administrative_failure')),
    effective_from timestamptz not null,
    amount numeric check (amount >= 0),
    set_at timestamptz not null default now(),
    set_by text not null,
    source text not null
);

-- Revenue, manufacturing cost and so on of a plant in a month. A later row restates the amount; the
-- earlier ones stay. An empty amount takes the base away. With a grouping it is of one product group.
create table copq.base_amount (
    base_id bigint generated always as identity primary key,
    plant text not null,
    month date not null check (extract(day from month) = 1),
    base text not null,
    grouping text not null default '',
    product_group text not null default '' check ((product_group = '') = (grouping = '')),
    amount numeric check (amount > 0),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    set_at timestamptz not null default now(),
    set_by text not null,
    source text not null,
    why text
);
create index base_amount_newest
    on copq.base_amount (plant, month, base, grouping, product_group, base_id desc);
