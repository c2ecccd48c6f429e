-- The ledger by production day and every dimension that losses are explained by. It is derived from
-- the ledger by a task of the service, outside the transactions that book; `copq verify` compares it.

-- A combination of all dimensions; an empty name is none.
create table copq.summary_leaf (
    leaf bigint generated always as identity primary key,
    category text not null,
    element text not null,
    currency text not null,
    plant text not null,
    line text not null,
    product text not null,
    stage text not null,
    defect_code text not null,
    work_unit text not null,
    shift text not null,
    supplier text not null,
    unique (
        plant, line, product, element, category, currency, stage, defect_code, work_unit, shift,
        supplier)
);

-- Sums of a leaf, of a production day or a month, whose `day` is its first one. `squares` are of the
-- entries that stand: a reversal takes away the square of its entry. What is `reporting_` is in the
-- reporting currency, without the `unconverted` entries, which have no rate. Plant and line are those
-- of the leaf, for who may see it.
create table copq.summary (
    grain text not null check (grain in ('day', 'month')),
    day date not null,
    leaf bigint not null,
    plant text not null,
    line text not null,
    entries bigint not null,
    unconverted bigint not null,
    quantity numeric not null,
    seconds numeric not null,
    net numeric not null,
    squares numeric not null,
    reporting_net numeric not null,
    reporting_squares numeric not null,
    primary key (grain, day, leaf)
) with (fillfactor = 80);

-- The number of entries of a production day of a plant, reversals included: it only grows, so a day
-- whose number is the same has not changed.
create table copq.summary_day (
    plant text not null,
    day date not null,
    entries bigint not null,
    primary key (plant, day)
) with (fillfactor = 80);

-- Up to where the summary holds: it sums exactly the entries of all transactions before `horizon`,
-- none of which was running any more at `held_at`. Later transactions have booked their entries
-- since `booked_since`; those from `next_horizon` on, since `next_since`. Numbers of transactions
-- belong to one ledger of one server: elsewhere, such as after a restore, the summary holds nothing.
create table copq.summary_position (
    only_one boolean primary key default true check (only_one),
    ledger text not null,
    horizon bigint not null,
    booked_since timestamptz not null,
    next_horizon bigint not null,
    next_since timestamptz not null,
    held_at timestamptz not null
);

-- Which ledger the numbers of transactions belong to.
create function copq.this_ledger() returns text
language sql stable parallel safe as $$
    select system_identifier || '/' || 'copq.ledger'::regclass::oid from pg_control_system()
$$;
