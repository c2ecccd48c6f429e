-- Standing costs: what a plant, or a line of it, spends each month on appraisal or prevention, from
-- a first to a last production day. A later row with the same plant, line, name and first day
-- restates it; the earlier ones stay. An empty amount takes the cost away. `line` '' is the plant as
-- a whole; `element` is the cost element of the plant's accounts.
create table copq.standing_cost (
    number bigint generated always as identity primary key,
    plant text not null,
    line text not null default '',
    name text not null,
    category text not null check (category in ('appraisal', 'prevention')),
    element text not null,
    amount numeric check (amount > 0),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    first_day date not null,
    last_day date check (last_day >= first_day),
    note text,
    set_at timestamptz not null default clock_timestamp(),
    set_by text not null,
    source text not null,
    why text
);
create index standing_cost_newest
    on copq.standing_cost (plant, line, name, first_day, number desc);

-- How far the standing costs of a plant are in the ledger: those up to `number`, up
-- to the production day `day`, by the plant's currencies as of `revision` of the rate book. It is
-- moved in the transaction that books the entries.
create table copq.standing_posted (
    plant text primary key,
    number bigint not null,
    revision bigint not null,
    day date not null
);

-- The entries of standing costs.
create index ledger_standing_costs on copq.ledger (plant, day)
    where element in ('standing_appraisal', 'standing_prevention');

select copq.append_only('copq.standing_cost');
select copq.audit_table('copq.standing_cost');
