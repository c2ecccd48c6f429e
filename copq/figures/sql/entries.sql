-- name: list_corrections
-- Corrections in one of these states, the newest first, each with the entries that it caused.
select
    c.event_id, c.corrects, c.replacement, c.occurred_at, c.plant, c.line, c.reason, c.booked_by,
    c.state, c.why, c.applied_at,
    array(
        select l.event_id || '#' || l.entry_no from copq.ledger as l
        where l.corrected_by = c.event_id
        order by l.event_id, l.entry_no
    ) as entries
from copq.correction as c
where c.state = any(:states::text[]) and (:plant::text is null or c.plant = :plant)
order by c.occurred_at desc, c.event_id
limit :limit

-- name: entries_asked
-- The filter of entries, included in `entries` and `entries_total`. The edges of time and of
-- production days come first, then the other filters.
    (:since::timestamptz is null or occurred_at >= :since)
    and (:until::timestamptz is null or occurred_at < :until)
    and (:first::date is null or day >= :first)
    and (:last::date is null or day < :last)
    and (:plant::text is null or plant = :plant)
    and (:line::text is null or line = :line)
    and (:product::text is null or product is not distinct from nullif(:product, ''))
    and (:group::text is null
        or copq.group_of(plant, :grouping, product, coalesce(:grouped_on::date, day)) = :group)
    and (:element::text is null or element = :element)
    and (:categories::text[] is null or category = any(:categories))
    and (:stage::text is null or stage is not distinct from nullif(:stage, ''))
    and (:defect_code::text is null or defect_code is not distinct from nullif(:defect_code, ''))
    and (:work_unit::text is null or work_unit is not distinct from nullif(:work_unit, ''))
    and (:shift::text is null or shift is not distinct from nullif(:shift, ''))
    and (:supplier::text is null or supplier is not distinct from nullif(:supplier, ''))
    and (:function::text is null or (
        select p.function from copq.event_problem as p where p.event_id = ledger.event_id
    ) is not distinct from nullif(:function, ''))
    and (:attributes::jsonb is null or not exists (
        select from jsonb_each_text(:attributes::jsonb) as asked
        where asked.value is distinct from coalesce(copq.attributes_of(
            ledger.event_id, ledger.plant, jsonb_build_array(asked.key)) ->> asked.key, '')))
    and (:event_id::text is null or event_id = :event_id)
    and (:hour::timestamptz is null or hour = :hour)
    and (:day::date is null or day = :day)
    and (:period::date is null or period = :period)
    and (not :first_reported::boolean or booked_at <= coalesce((
        select p.first_closed_at from copq.period as p
        where p.plant = ledger.plant and p.month = date_trunc('month', ledger.day::timestamp)::date
    ), 'infinity'))

-- name: entries_span
-- The time between which an event's entries lie: those of a stop lie along its duration. None if
-- only a correction has named the event so far.
select key.occurred_at as first, coalesce(stop.ended_at, key.occurred_at) as last
from copq.event_key as key
left join copq.stop on stop.event_id = key.event_id
where key.event_id = :event_id and key.occurred_at < 'infinity'

-- name: origin
-- An event as received, and why it has no price yet. A row without an event is an id that only a
-- correction has named, or the key of an entry that several events cause.
select
    e.event_type, e.occurred_at, e.received_at, e.plant, e.line, e.sent_by, e.origin_partition,
    e.origin_offset, e.payload, u.reason as unpriced
from copq.event_key as k
left join copq.event as e on e.occurred_at = k.occurred_at and e.event_id = k.event_id
left join copq.unpriced as u on u.event_id = k.event_id
where k.event_id = :event_id

-- name: revisions
-- Revisions of the rate book, each with its document.
select
    revision, imported_at, imported_by, source,
    document, submitted_at, submitted_by, d.why as submitted_why, c.why as decided_why, c.alone
from copq.rate_revision
left join copq.rate_decision c using (revision)
left join copq.rate_document d using (document)
where revision = any(:versions::bigint[])
order by revision

-- name: corrections_of
-- The corrections that concern an event: of it, by it, or the event itself.
select event_id, corrects, replacement, occurred_at, reason, booked_by, state, why
from copq.correction
where corrects = :event_id or replacement = :event_id or event_id = :event_id
order by occurred_at, event_id

-- name: events_as_came
-- The bytes of these events, and when they were received.
select key.event_id, found.payload, found.received_at
from copq.event_key as key
join copq.event as found on found.event_id = key.event_id and found.occurred_at = key.occurred_at
where key.event_id = any(:ids::text[])

-- name: having_attributes
-- Which of these events of plants have the :attributes, as in `entries_asked`.
select event_id
from unnest(:ids::text[], :plants::text[]) as event (event_id, plant)
where not exists (
    select from jsonb_each_text(:attributes::jsonb) as asked
    where asked.value is distinct from coalesce(copq.attributes_of(
        event_id, plant, jsonb_build_array(asked.key)) ->> asked.key, ''))

-- name: functions_of
-- The function that each of these events names, where it names one.
select event_id, function from copq.event_problem
where event_id = any(:ids::text[]) and function is not null

-- name: entries
-- Entries of the ledger, newest first, each with its event's bytes. :after_time, :after_id and
-- :after_no name the last entry of the previous page. Entries booked after :read_at, when the first
-- page was read, are on no page.
with page as (
    select *
    from copq.ledger
    where {{entries_asked}}
        and (:after_time::timestamptz is null
            or (occurred_at, event_id, entry_no)
                < (:after_time, :after_id::text collate "C", :after_no::int))
        and booked_at <= :read_at
    order by occurred_at desc, event_id desc, entry_no desc
    limit :limit
)
select
    page.*, found.payload, found.received_at, found.event_type, retention.ordered_at as dropped_at,
    retention.ordered_by as dropped_by
from page
left join copq.event_key as key on key.event_id = page.event_id
left join lateral (
    select payload, received_at, event_type, dropped_by from copq.event as e
    where e.event_id = page.event_id and e.occurred_at = key.occurred_at
) as found on true
left join copq.retention as retention on retention.retention = found.dropped_by
order by page.occurred_at desc, page.event_id desc, page.entry_no desc

-- name: entries_total
-- The sums of all pages of the same question, by element. `entries` counts standing entries: a
-- reversal subtracts one.
select
    currency, category, element, sum(case when reverses is null then 1 else -1 end)::bigint as entries,
    count(*) as lines, sum(quantity) as quantity, sum(gross) as gross, sum(recovered) as recovered,
    sum(allowed) as allowed, sum(net) as net, sum(seconds) as seconds, sum(base) as base
from copq.ledger
where {{entries_asked}}
    and booked_at <= :read_at
group by currency, category, element
order by currency, sum(net) desc, element
