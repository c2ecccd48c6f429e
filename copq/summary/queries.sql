-- name: position
-- Up to where the summary holds, in this snapshot; no row where it holds nothing. `newest` is the
-- number of a transaction that no entry in this snapshot is later than.
-- Later transactions are looked for a minute further back: the clock may have been set back since.
select
    horizon, until, occurred_before, held_at, next_horizon, next_since, declared,
    least(booked_since, now() - interval '1 minute') as booked_since,
    booked_since as own_since, {{newest}} as newest
from copq.summary_position
where ledger = copq.this_ledger()

-- name: newest
-- The million is for transactions that the snapshot does not know, its own and their parts.
pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 1000000

-- name: snapshot
-- What this snapshot shows: all transactions before `horizon` have ended, and none from
-- `next_horizon` on had begun to write. Where the clock was set back, entries from before are found
-- from then on.
select
    pg_snapshot_xmin(pg_current_snapshot())::text::bigint as horizon,
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next_horizon,
    {{newest}} as newest, now() - interval '1 minute' as since,
    copq.declared_attributes() as declared

-- name: declared
-- The attributes that plants declare.
select copq.declared_attributes()

-- name: lock_summary
-- Whether no other process is bringing the summary up to date; until this connection unlocks it.
select pg_try_advisory_lock(hashtextextended('copq.summary', 0))

-- name: unlock_summary
-- Let others bring the summary up to date.
select pg_advisory_unlock(hashtextextended('copq.summary', 0))

-- name: written
-- The number of the transaction that wrote an entry l of the ledger: 64 bits from the 32 of xmin. An age
-- is how much younger some transaction is, the same one for all rows; to read xmin as text takes longer
-- than to sum the entry.
(:newest::bigint - ((:newest - (select age('3'::xid) + 3) + age(l.xmin)) & 4294967295))

-- name: chosen
-- Whether an entry l is of a transaction from :horizon until before :until, all of which have booked
-- since :booked_since, and occurred from :begin until before :end, where these are given.
l.booked_at >= :booked_since
    and {{written}} >= :horizon and {{written}} < :until
    and (:begin::timestamptz is null or l.occurred_at >= :begin)
    and (:end::timestamptz is null or l.occurred_at < :end)

-- name: is_summed
-- Whether the summary has an entry l: of a transaction before :horizon or, before :until, one that
-- occurred before :occurred_before.
({{written}} < :horizon or {{written}} < :until and l.occurred_at < :occurred_before)

-- name: count_chosen
-- How many entries are `chosen`, at most :most.
select count(*) from (select from copq.ledger as l where {{chosen}} limit :most) as found

-- name: first_chosen
-- When the first entry occurred that is `chosen`.
select min(occurred_at) from copq.ledger as l where {{chosen}}

-- name: step_end
-- Where a step ends that begins with what occurred at :begin: after so many :entries. Null where no more
-- entries are left.
select occurred_at from copq.ledger where occurred_at > :begin
order by occurred_at offset :entries limit 1

-- name: grouped
-- Entries l by production day and all names; failures also by the attributes that their plant declares,
-- in :declared. Part of `add` and `differences`, which select them.
select
    day, category, element, currency, plant, line, coalesce(product, '') as product,
    coalesce(stage, '') as stage, coalesce(defect_code, '') as defect_code,
    coalesce(work_unit, '') as work_unit, coalesce(shift, '') as shift,
    coalesce(supplier, '') as supplier,
    case when :declared::jsonb ? plant and category = any(:failures::text[])
        then copq.attributes_of(event_id, plant, :declared::jsonb -> plant)
        else '{}' end as attributes,
    count(*) as booked,
    sum(case when reverses is null then 1 else -1 end) as entries,
    coalesce(sum(case when reverses is null then 1 else -1 end)
        filter (where exchange_rate is null), 0) as unconverted,
    sum(quantity) as quantity, sum(seconds) as seconds, sum(net) as net,
    sum(case when reverses is null then net * net else - (net * net) end) as squares,
    coalesce(sum(net * exchange_rate) filter (where exchange_rate is not null), 0)
        as reporting_net,
    coalesce(sum(case when reverses is null then 1 else -1 end
        * (net * exchange_rate) * (net * exchange_rate))
        filter (where exchange_rate is not null), 0) as reporting_squares
from copq.ledger as l

-- name: names
-- The columns of a leaf.
plant, line, product, element, category, currency, stage, defect_code, work_unit, shift, supplier,
attributes

-- name: summed
-- What is `grouped`, by leaf and day, week or month. Part of `add` and `differences`.
by_day as (
    select
        day, n.leaf, plant, line, entries, unconverted, quantity, seconds, net, squares,
        reporting_net, reporting_squares
    from grouped
    left join leaf as n using ({{names}})
), summed as (
    select 'day' as grain, * from by_day
    union all
    select
        grain, begin, leaf, plant, line, sum(entries), sum(unconverted), sum(quantity),
        sum(seconds), sum(net), sum(squares), sum(reporting_net), sum(reporting_squares)
    from by_day
    cross join lateral (values
        ('week', date_trunc('week', day::timestamp)::date),
        ('month', date_trunc('month', day::timestamp)::date)) as whole (grain, begin)
    group by 1, 2, 3, 4, 5
)

-- name: add_values
-- Add values of declared attributes while an attribute has too few of its own; the most frequent of
-- the entries that are `chosen` first.
with said as (
    select l.plant, a.name, a.value, count(*) as entries
    from copq.ledger as l
    join copq.event_key as k on k.event_id = l.event_id
    join copq.event as e on e.occurred_at = k.occurred_at and e.event_id = k.event_id
    cross join lateral (
        select name, value from copq.attributes_in(e.payload)
        union all
        select key, value from jsonb_each_text(e.attributes)
    ) as a
    where {{chosen}}
        and l.category = any(:failures::text[]) and :declared::jsonb -> l.plant ? a.name
    group by 1, 2, 3
), fresh as (
    select
        plant, name, value,
        row_number() over (partition by plant, name order by entries desc, value collate "C") as place
    from said
    where not exists (
        select from copq.summary_value as v
        where v.plant = said.plant and v.attribute = said.name and v.value = said.value)
)
insert into copq.summary_value (plant, attribute, value)
select plant, name, value
from fresh
where place + (
    select count(*) from copq.summary_value as v
    where v.plant = fresh.plant and v.attribute = fresh.name) <= copq.most_values()

-- name: add
-- Add the entries that are `chosen`, the leaves that are new, and the numbers of entries of their days.
with grouped as materialized (
    {{grouped}}
    where {{chosen}}
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
), days as (
    insert into copq.summary_day as d (plant, day, entries)
    select plant, day, sum(booked)
    from grouped
    group by 1, 2
    on conflict (plant, day) do update set entries = d.entries + excluded.entries
), new as (
    insert into copq.summary_leaf ({{names}})
    select distinct {{names}}
    from grouped
    left join copq.summary_leaf as n using ({{names}})
    where n.leaf is null
    order by {{names}}
    returning leaf, {{names}}
), leaf as (
    select leaf, {{names}} from copq.summary_leaf
    union all
    select leaf, {{names}} from new
), {{summed}}
insert into copq.summary as s (
    grain, day, leaf, plant, line, entries, unconverted, quantity, seconds, net, squares,
    reporting_net, reporting_squares)
select
    grain, day, leaf, plant, line, entries, unconverted, quantity, seconds, net, squares,
    reporting_net, reporting_squares
from summed
order by grain, day, leaf
on conflict (grain, day, leaf) do update set
    entries = s.entries + excluded.entries,
    unconverted = s.unconverted + excluded.unconverted,
    quantity = s.quantity + excluded.quantity,
    seconds = s.seconds + excluded.seconds,
    net = s.net + excluded.net,
    squares = s.squares + excluded.squares,
    reporting_net = s.reporting_net + excluded.reporting_net,
    reporting_squares = s.reporting_squares + excluded.reporting_squares

-- name: clear_days
-- Remove all numbers of entries, which are of another ledger.
delete from copq.summary_day

-- name: day_differences
-- The days whose number differs from their entries that are to be summed (`is_summed`).
with by_day as (
    select plant, day, count(*) as entries from copq.ledger as l where {{is_summed}} group by 1, 2
)
select plant, day, l.entries as ledger_entries, d.entries as summary_entries
from by_day as l
full join copq.summary_day as d using (plant, day)
where l.entries is distinct from d.entries
order by 1, 2

-- name: clear_rows
-- Remove all sums, which are of another ledger.
delete from copq.summary

-- name: clear_leaves
-- Remove all leaves, which are of another ledger.
delete from copq.summary_leaf

-- name: clear_values
-- Remove the values of attributes that have a name of their own.
delete from copq.summary_value

-- name: hold
-- Say up to where the summary holds, in the middle of no round.
insert into copq.summary_position (
    ledger, horizon, until, occurred_before, booked_since, next_horizon, next_since, declared, held_at)
values (
    copq.this_ledger(), :horizon, :horizon, '-infinity', :booked_since, :next_horizon, :next_since,
    :declared, now())
on conflict (only_one) do update set
    ledger = excluded.ledger, horizon = excluded.horizon, until = excluded.until,
    occurred_before = excluded.occurred_before, booked_since = excluded.booked_since,
    next_horizon = excluded.next_horizon, next_since = excluded.next_since,
    declared = excluded.declared, held_at = now()

-- name: hold_step
-- Say that the summary has the entries of transactions before :until that occurred before
-- :occurred_before, next to those before its horizon.
update copq.summary_position set until = :until, occurred_before = :occurred_before, held_at = now()

-- name: differences
-- The rows of the summary that differ from the entries that are to be summed (`is_summed`). A stored
-- row of zeros alone needs no entry.
with grouped as materialized (
    {{grouped}}
    where {{is_summed}}
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
), leaf as (
    select leaf, {{names}} from copq.summary_leaf
), {{summed}}
select
    grain, day, category, element, currency, n.plant, n.line, product, stage, defect_code,
    work_unit, shift, supplier, nullif(attributes, '{}') as attributes,
    l.entries as ledger_entries, s.entries as summary_entries,
    l.unconverted as ledger_unconverted, s.unconverted as summary_unconverted,
    l.quantity as ledger_quantity, s.quantity as summary_quantity,
    l.seconds as ledger_seconds, s.seconds as summary_seconds,
    l.net as ledger_net, s.net as summary_net,
    l.squares as ledger_squares, s.squares as summary_squares,
    l.reporting_net as ledger_reporting_net, s.reporting_net as summary_reporting_net,
    l.reporting_squares as ledger_reporting_squares,
    s.reporting_squares as summary_reporting_squares
from summed as l
full join copq.summary as s using (grain, day, leaf, plant, line)
left join copq.summary_leaf as n using (leaf)
where (l.entries, l.unconverted, l.quantity, l.seconds, l.net, l.squares, l.reporting_net,
        l.reporting_squares)
    is distinct from
    (s.entries, s.unconverted, s.quantity, s.seconds, s.net, s.squares, s.reporting_net,
        s.reporting_squares)
    and not (
        l.entries is null
        and (s.entries, s.unconverted, s.quantity, s.seconds, s.net, s.squares, s.reporting_net,
            s.reporting_squares) = (0, 0, 0, 0, 0, 0, 0, 0))
order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
