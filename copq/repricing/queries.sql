-- name: changed_items
-- Items of revisions after :base, each with when the next of its key begins; `is_new`: its key had
-- none.
select
    i.kind, i.content ->> 'plant' as plant, i.effective_from,
    (
        select min(n.effective_from) from copq.rate_item as n
        where n.kind = i.kind and n.key = i.key and n.effective_from > i.effective_from
    ) as next_from,
    not exists (
        select from copq.rate_item as o
        where o.kind = i.kind and o.key = i.key and o.revision <= :base
    ) as is_new
from copq.rate_item as i
where i.revision > :base

-- name: base_revision
-- The rate book that all entries agree with, or one since: that of the last repricing of
-- everything. Where there was none, the first: nothing is booked without a rate book.
select coalesce(
    (
        select max(revision) from copq.repricing
        where state = 'done'
            and plant is null and product is null and asked_from is null and asked_to is null
    ),
    (select min(revision) from copq.rate_revision),
    0)

-- name: events_span
-- From the first event to the last.
select min(occurred_at) as first, max(occurred_at) as last from copq.event

-- name: count_events
-- Events of these plants (null: of all) from :starts_at until before :ends_at: those that can be
-- priced, and those whose bytes a retention has dropped, which keep what was booked.
select count(payload) as total, count(*) - count(payload) as dropped from copq.event
where occurred_at >= :starts_at and occurred_at < :ends_at and event_type <> 'correction'
    and (:plants::text[] is null or plant = any(:plants))

-- name: events_after
-- The next events of these plants (null: of all) after a position, until before :ends_at.
select event_id, occurred_at, payload
from copq.event
where occurred_at >= :at and (occurred_at, event_id) > (:at, :event_id) and occurred_at < :ends_at
    and event_type <> 'correction' and payload is not null
    and (:plants::text[] is null or plant = any(:plants))
order by occurred_at, event_id
limit :limit

-- name: create_repriced
-- What events cost as of the book in force; one row an entry, one with nothing where there is no
-- price. Of this connection alone, empty after each transaction.
create temporary table if not exists repriced (
    event_id text collate "C" not null,
    occurred_at timestamptz not null,
    entry_no int not null,
    element text,
    category text,
    quantity numeric,
    gross numeric,
    recovered numeric,
    allowed numeric,
    net numeric,
    seconds numeric,
    base numeric,
    good numeric,
    ungraded numeric,
    currency text,
    rate_version bigint,
    labour_version bigint,
    line_version bigint,
    hour timestamptz,
    day date
) on commit delete rows

-- name: fill_batch
-- Into the batch: of each event that stands and costs something else now, what takes back the
-- entries that stand, and those that it has now, numbered after its last. :first and :last are the
-- times of the first and the last event of `repriced`, :reason and :booked_by why and by whom.
-- What stood because of a correction has that in its place as well.
-- The same figures are the same price, whichever version of a rate they come from.
with entries as materialized (
    select * from copq.ledger
    where occurred_at >= :first and occurred_at <= :last
        and (event_id in (select event_id from repriced)) is true
), standing as materialized (
    select * from entries
    where reverses is null
        and ((event_id, entry_no) in (
            select event_id, reverses from entries where reverses is not null)) is not true
), compared as (
    select event_id, element, category, quantity, gross, recovered, allowed, net, seconds, base, good, ungraded,
        currency, hour, day, 1 as there
    from standing
    union all
    select event_id, element, category, quantity, gross, recovered, allowed, net, seconds, base, good, ungraded,
        currency, hour, day, -1
    from repriced
    where element is not null and (event_id in (select event_id from standing)) is true
), changed as materialized (
    select distinct event_id
    from (
        select event_id from compared
        group by event_id, element, category, quantity, gross, recovered, allowed, net, seconds, base,
            good, ungraded, currency, hour, day
        having sum(there) <> 0
    ) as differing
), taken_back as materialized (
    select s.*, l.last, row_number() over (partition by s.event_id order by s.entry_no) as nth,
        count(*) over (partition by s.event_id) as standing
    from standing as s
    join changed using (event_id)
    join (select event_id, max(entry_no) as last from entries group by event_id) as l
        using (event_id)
)
insert into batch (
    role, event_id, occurred_at, plant, line, product, stage, work_unit, defect_code, shift,
    supplier, outcome, entry_no, reverses, reason, booked_by, corrected_by, element, category, quantity, gross,
    recovered, allowed, net, seconds, base, good, ungraded, currency, rate_version,
    labour_version, line_version, hour, day, exchange_rate, reporting_currency, exchange_version)
select
    'k', event_id, occurred_at, plant, line, product, stage, work_unit, defect_code, shift,
    supplier, 'priced', last + nth, entry_no, :reason, :booked_by, null, element, category, -quantity, -gross,
    -recovered, -allowed, -net, -seconds, -base, -good, -ungraded, currency, rate_version,
    labour_version, line_version, hour, day, exchange_rate, reporting_currency, exchange_version
from taken_back
union all
select
    'k', t.event_id, t.occurred_at, t.plant, t.line, t.product, t.stage, t.work_unit,
    t.defect_code, t.shift, t.supplier, 'priced', t.last + t.standing + r.entry_no, null, :reason, :booked_by,
    t.corrected_by, r.element, r.category, r.quantity, r.gross, r.recovered, r.allowed, r.net, r.seconds, r.base,
    r.good, r.ungraded, r.currency, r.rate_version, r.labour_version, r.line_version, r.hour, r.day, null, null, null
from repriced as r
join taken_back as t on t.event_id = r.event_id and t.nth = 1
where r.element is not null

-- name: lost_price
-- Events that cost something until now, and have no price any longer.
select event_id from repriced
where element is null and (event_id in (select event_id from batch)) is true

-- name: staged_recovered
-- What the batch adds to what is recoverable, of each line, product and production day.
select plant, line, product, day, sum(recovered) as recovered
from batch
where element in ('defect', 'scrap')
group by plant, line, product, day
having sum(recovered) <> 0

-- name: batch_changes
-- What the batch changes, failure apart from appraisal and prevention, and from production.
select
    plant, coalesce(product, '') as product, date_trunc('month', day)::date as month, currency,
    case when category like '%\_failure' then 'copq' when category = 'none' then 'base'
        else 'other CoQ' end as kind,
    count(distinct event_id) as events,
    coalesce(-sum(net) filter (where reverses is not null), 0) as reversed,
    coalesce(sum(net) filter (where reverses is null), 0) as booked,
    sum(base) as base
from batch
where element is not null
group by 1, 2, 3, 4, 5
order by 1, 2, 3, 4, 5

-- name: add_changes
-- Add to the changes of a run.
insert into copq.repricing_change as c (
    repricing_id, plant, product, month, currency, kind, events, reversed, booked, base)
values (
    :repricing_id, :plant, :product, :month, :currency, :kind, :events, :reversed, :booked, :base)
on conflict (repricing_id, plant, product, month, currency, kind) do update set
    events = c.events + excluded.events,
    reversed = c.reversed + excluded.reversed,
    booked = c.booked + excluded.booked,
    base = c.base + excluded.base

-- name: changes_of
-- The changes of a run so far.
select plant, product, month, currency, kind, events, reversed, booked, base
from copq.repricing_change
where repricing_id = :repricing_id
order by plant, product, month, currency, kind

-- name: add_run
-- Begin a run at the start of its reach.
insert into copq.repricing (
    revision, plant, product, asked_from, asked_to, plants, starts_at, ends_at, started_by, why,
    position_at, total, dropped)
values (
    :revision, :plant, :product, :asked_from, :asked_to, :plants, :starts_at, :ends_at, :started_by,
    :why, :starts_at, :total, :dropped)
returning *

-- name: open_run
-- The unfinished run of the same scope at this revision.
select * from copq.repricing
where state = 'running' and revision = :revision and plant is not distinct from :plant
    and product is not distinct from :product and asked_from is not distinct from :asked_from
    and asked_to is not distinct from :asked_to
order by repricing_id desc
limit 1

-- name: lock_runs
-- One after the other looks whether there is a run to go on with.
select pg_advisory_xact_lock(hashtextextended('copq.repricing', 0))

-- name: supersede_runs
-- Rates have changed again: what these have not reached yet is left to the next one.
update copq.repricing set state = 'superseded', ended_at = now()
where state = 'running' and revision < :revision

-- name: lock_run
-- The run, if it is where it is believed to be and goes on; held until the transaction ends.
select repricing_id from copq.repricing
where repricing_id = :repricing_id and position_at = :at and position_id = :event_id
    and state = 'running'
for update

-- name: move_run
-- Move a run behind a chunk.
update copq.repricing
set position_at = :at, position_id = :event_id, seen = seen + :seen, unpriced = unpriced + :unpriced
where repricing_id = :repricing_id

-- name: end_run
-- Mark a run as done.
update copq.repricing set state = 'done', ended_at = clock_timestamp()
where repricing_id = :repricing_id and state = 'running'

-- name: run
-- A run.
select * from copq.repricing where repricing_id = :repricing_id

-- name: list_runs
-- Repricings, the newest first.
select * from copq.repricing order by repricing_id desc limit :limit
