-- The ledger by production day and every dimension that losses are explained by. It is derived from
-- the ledger by a task of the service, outside the transactions that book; `copq verify` compares it.

-- The values of declared attributes that have a name of their own: the first fifty of each attribute.
-- All others together are `other`.
create table copq.summary_value (
    plant text not null,
    attribute text not null,
    value text not null,
    primary key (plant, attribute, value)
);

create function copq.most_values() returns int language sql immutable parallel safe return 50;

-- What an event of a plant says of these attributes, each value by the name that it has in the
-- summary. Attributes that it does not have are left out.
create function copq.attributes_of(of_event text, of_plant text, names jsonb) returns jsonb
language sql stable parallel safe as $$
    select coalesce(jsonb_object_agg(said.name, case
        when exists (
            select from copq.summary_value as v
            where v.plant = of_plant and v.attribute = said.name and v.value = said.value)
        or (select count(*) from copq.summary_value as v
            where v.plant = of_plant and v.attribute = said.name) < copq.most_values()
        then said.value else 'other' end), '{}')
    from copq.event_key as k
    join copq.event as e on e.occurred_at = k.occurred_at and e.event_id = k.event_id
    cross join lateral (
        select name, value from copq.attributes_in(e.payload)
        union all
        select key, value from jsonb_each_text(e.attributes)
    ) as said
    where k.event_id = of_event and names ? said.name
$$;

-- A combination of all dimensions; an empty name is none. `attributes` are those that are declared.
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
    attributes jsonb not null,
    unique (
        plant, line, product, element, category, currency, stage, defect_code, work_unit, shift,
        supplier, attributes)
);

-- Sums of a leaf, of a production day, a week from Monday on, or a month; `day` is its first day.
-- `squares` are of the entries that stand: a reversal takes away the square of its entry. What is
-- `reporting_` is in the reporting currency, without the `unconverted` entries, which have no rate.
-- Plant and line are those of the leaf, for who may see it.
create table copq.summary (
    grain text not null check (grain in ('day', 'week', 'month')),
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
-- none of which was running any more at `held_at`, and, in the middle of a round of many steps, those
-- of transactions before `until` that occurred before `occurred_before`. Later transactions have booked
-- their entries since `booked_since`; those from `next_horizon` on, since `next_since`. Numbers of
-- transactions belong to one ledger of one server: elsewhere, such as after a restore, the summary
-- holds nothing.
-- `declared` are the attributes that it is by; with others it is made again.
create table copq.summary_position (
    only_one boolean primary key default true check (only_one),
    ledger text not null,
    horizon bigint not null,
    until bigint not null,
    occurred_before timestamptz not null,
    booked_since timestamptz not null,
    next_horizon bigint not null,
    next_since timestamptz not null,
    declared jsonb not null,
    held_at timestamptz not null
);

-- Which ledger the numbers of transactions belong to.
create function copq.this_ledger() returns text
language sql stable parallel safe as $$
    select system_identifier || '/' || 'copq.ledger'::regclass::oid from pg_control_system()
$$;
