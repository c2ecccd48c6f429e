-- name: verify_entries
-- All entries with their events; entries of one event at one time are adjacent. :plant selects a
-- plant, :month a month of production days, :share a share of the events in ten thousandths, which
-- :seed selects. Each is null for all.
select
    l.*, e.payload, e.received_at, e.event_type, r.ordered_at as dropped_at,
    r.ordered_by as dropped_by
from copq.ledger as l
left join copq.event_key as k on k.event_id = l.event_id
left join copq.event as e on e.occurred_at = k.occurred_at and e.event_id = k.event_id
left join copq.retention as r on r.retention = e.dropped_by
where (:plant::text is null or l.plant = :plant)
    and (:month::date is null or (
        l.day >= :month and l.day < :month + interval '1 month'
        and l.occurred_at >= :month - interval '2 days'
        and l.occurred_at < :month + interval '1 month 2 days'))
    and (:share::int is null
        or mod(hashtextextended(l.event_id, :seed) & 1073741823, 10000) < :share)
order by l.occurred_at, l.event_id, l.entry_no

-- name: verify_problems
-- What these events say next to their cost.
select * from copq.event_problem where event_id = any(:ids::text[])

-- name: verify_events
-- Events that need a check: stops and corrections, each with the stored row that was made of it,
-- and other events without an entry. :plant to :seed as in `verify_entries`; the month is in UTC.
-- `is_free`: no correction concerns the event.
select
    e.event_id, e.occurred_at, e.event_type, e.plant, e.line, e.payload,
    u.event_id is not null as is_unpriced,
    not exists (
        select from copq.correction as by where not by.beyond and by.corrects = e.event_id)
        and not exists (
            select from copq.correction as by where not by.beyond and by.replacement = e.event_id)
        as is_free,
    to_jsonb(s) as stop, to_jsonb(c) as correction
from copq.event as e
left join copq.unpriced as u on u.event_id = e.event_id
left join copq.stop as s on s.event_id = e.event_id
left join copq.correction as c on c.event_id = e.event_id
where e.payload is not null
    and (e.event_type in ('downtime', 'correction') or not exists (
        select from copq.ledger as l
        where l.occurred_at = e.occurred_at and l.event_id = e.event_id))
    and (:plant::text is null or e.plant = :plant)
    and (:month::date is null or (
        e.occurred_at >= :month - interval '2 days'
        and e.occurred_at < :month + interval '1 month 2 days'))
    and (:share::int is null
        or mod(hashtextextended(e.event_id, :seed) & 1073741823, 10000) < :share)

-- name: verify_rollups
-- The rollup rows that differ from the ledger, recomputed as posting does. A stored row of zeros
-- alone needs no entry.
with by_hour as (
    select
        plant, line, coalesce(product, '') as product, element, category, currency, day, hour,
        sum(case when reverses is null then 1 else -1 end) as entries,
        sum(quantity) as quantity, sum(gross) as gross, sum(recovered) as recovered,
        sum(allowed) as allowed, sum(net) as net, sum(seconds) as seconds, sum(base) as base,
        sum(good) as good, sum(ungraded) as ungraded, coalesce(sum(gross * exchange_rate), 0) as reporting_gross,
        coalesce(sum(recovered * exchange_rate), 0) as reporting_recovered,
        coalesce(sum(net * exchange_rate), 0) as reporting_net,
        coalesce(sum(base * exchange_rate), 0) as reporting_base,
        coalesce(sum(case when reverses is null then 1 else -1 end)
            filter (where exchange_rate is null), 0) as unconverted
    from copq.ledger
    group by 1, 2, 3, 4, 5, 6, 7, 8
), by_grain as (
    select 'hour' as grain, * from by_hour
    union all
    select
        'day', plant, line, product, element, category, currency, day,
        '-infinity'::timestamptz, sum(entries), sum(quantity), sum(gross), sum(recovered),
        sum(allowed), sum(net), sum(seconds), sum(base), sum(good), sum(ungraded), sum(reporting_gross),
        sum(reporting_recovered), sum(reporting_net), sum(reporting_base), sum(unconverted)
    from by_hour
    group by 2, 3, 4, 5, 6, 7, 8
    union all
    select
        'month', plant, line, product, element, category, currency,
        date_trunc('month', day)::date, '-infinity'::timestamptz, sum(entries), sum(quantity),
        sum(gross), sum(recovered), sum(allowed), sum(net), sum(seconds), sum(base), sum(good), sum(ungraded),
        sum(reporting_gross), sum(reporting_recovered), sum(reporting_net), sum(reporting_base),
        sum(unconverted)
    from by_hour
    group by 2, 3, 4, 5, 6, 7, 8
)
select
    grain, plant, line, product, element, category, currency, day,
    nullif(hour, '-infinity'::timestamptz) as hour,
    l.entries as ledger_entries, r.entries as rollup_entries,
    l.quantity as ledger_quantity, r.quantity as rollup_quantity,
    l.gross as ledger_gross, r.gross as rollup_gross,
    l.recovered as ledger_recovered, r.recovered as rollup_recovered,
    l.allowed as ledger_allowed, r.allowed as rollup_allowed,
    l.net as ledger_net, r.net as rollup_net,
    l.seconds as ledger_seconds, r.seconds as rollup_seconds,
    l.base as ledger_base, r.base as rollup_base,
    l.good as ledger_good, r.good as rollup_good,
    l.ungraded as ledger_ungraded, r.ungraded as rollup_ungraded,
    l.reporting_gross as ledger_reporting_gross, r.reporting_gross as rollup_reporting_gross,
    l.reporting_recovered as ledger_reporting_recovered,
    r.reporting_recovered as rollup_reporting_recovered,
    l.reporting_net as ledger_reporting_net, r.reporting_net as rollup_reporting_net,
    l.reporting_base as ledger_reporting_base, r.reporting_base as rollup_reporting_base,
    l.unconverted as ledger_unconverted, r.unconverted as rollup_unconverted
from by_grain as l
full join copq.rollup as r
    using (grain, plant, line, product, element, category, currency, day, hour)
where (l.entries, l.quantity, l.gross, l.recovered, l.allowed, l.net, l.seconds, l.base, l.good, l.ungraded,
        l.reporting_gross, l.reporting_recovered, l.reporting_net, l.reporting_base, l.unconverted)
    is distinct from
    (r.entries, r.quantity, r.gross, r.recovered, r.allowed, r.net, r.seconds, r.base, r.good, r.ungraded,
        r.reporting_gross, r.reporting_recovered, r.reporting_net, r.reporting_base, r.unconverted)
    and not (
        l.entries is null
        and (r.entries, r.quantity, r.gross, r.recovered, r.allowed, r.net, r.seconds, r.base, r.good, r.ungraded,
            r.reporting_gross, r.reporting_recovered, r.reporting_net, r.reporting_base,
            r.unconverted)
            = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
order by grain, plant, line, product, element, currency, day, hour

-- name: verify_keys
-- Events with entries whose id nothing protects from a second booking.
select distinct event_id
from copq.ledger as l
where not exists (select from copq.event_key as k where k.event_id = l.event_id)
order by event_id

-- name: verify_twice
-- Entries that stand twice under one number.
select event_id, entry_no, count(*) as entries
from copq.ledger
group by event_id, entry_no
having count(*) > 1
order by event_id, entry_no

-- name: verify_reversals
-- Reversals that do not reverse exactly one entry, to the last digit and alone.
with reversals as (
    select *, count(*) over (partition by event_id, reverses) as times
    from copq.ledger
    where reverses is not null
)
select r.event_id, r.entry_no, r.reverses, count(e.event_id) as taken_back
from reversals as r
left join copq.ledger as e
    on e.event_id = r.event_id and e.entry_no = r.reverses and e.reverses is null and r.times = 1
    and (e.plant, e.line, coalesce(e.product, ''), e.element, e.category, e.currency, e.hour, e.day)
        = (r.plant, r.line, coalesce(r.product, ''), r.element, r.category, r.currency, r.hour, r.day)
    and (e.quantity, e.gross, e.recovered, e.allowed, e.net, e.seconds, e.base, e.good, e.ungraded)
        = (-r.quantity, -r.gross, -r.recovered, -r.allowed, -r.net, -r.seconds, -r.base, -r.good, -r.ungraded)
    and (e.exchange_rate, e.reporting_currency)
        is not distinct from (r.exchange_rate, r.reporting_currency)
group by r.event_id, r.entry_no, r.reverses
having count(e.event_id) <> 1
order by r.event_id, r.entry_no

-- name: verify_exchange
-- Entries whose exchange rate is not the rate of its version for the day, or whose version was
-- imported after the entry was booked.
with used as (
    select
        l.currency, l.reporting_currency, l.day, l.exchange_rate, l.exchange_version,
        count(*) as entries, min(l.booked_at) as booked_at, min(l.event_id) as event_id
    from copq.ledger as l
    where l.exchange_rate is not null and l.reverses is null
    group by 1, 2, 3, 4, 5
)
select u.currency, u.day, u.event_id, u.entries, u.exchange_rate
from used as u
left join copq.reporting_currency as r on true
where r.currency is distinct from u.reporting_currency
    or case when u.currency = u.reporting_currency then u.exchange_rate <> 1 else not exists (
        select from copq.exchange_rate as x
        join copq.exchange_version as v using (version)
        where x.currency = u.currency and x.version = u.exchange_version
            and x.rate = u.exchange_rate and v.imported_at <= u.booked_at
            and x.day between u.day - 366 and u.day
            and not exists (
                select from copq.exchange_rate as later
                where later.currency = x.currency and later.version = x.version
                    and later.day > x.day and later.day <= u.day)) end
order by u.currency, u.day

-- name: verify_stop_lines
-- The lines with stops, or with downtime in the ledger.
select plant, line from copq.stop
union
select plant, line from copq.ledger where element in ('downtime', 'planned_stop')
order by plant, line

-- name: verify_stops
-- All stops of a line that are not voided.
select
    event_id, work_unit, product, defect_code, shift, started_at, ended_at, planned, per_hour,
    currency, rate_version, began_at, over_at
from copq.stop
where plant = :plant and line = :line and not voided

-- name: verify_downtime
-- The number of times each piece of a line's downtime stands: bookings minus reversals.
select
    event_id, occurred_at, element, coalesce(product, '') as product, currency,
    abs(seconds) as seconds, abs(gross) as gross,
    sum(case when reverses is null then 1 else -1 end)::int as standing
from copq.ledger
where plant = :plant and line = :line and element in ('downtime', 'planned_stop')
group by 1, 2, 3, 4, 5, 6, 7
having sum(case when reverses is null then 1 else -1 end) <> 0

-- name: verify_corrections
-- All corrections that are in use.
select * from copq.correction where not beyond order by occurred_at, event_id

-- name: verify_corrected
-- These events, if stored: their place, and their standing entries.
with standing as (
    select event_id, sum(case when reverses is null then 1 else -1 end) as entries
    from copq.ledger
    where event_id = any(:ids::text[])
    group by event_id
)
select
    k.event_id, e.event_type, e.plant, e.line,
    not exists (select from copq.claim as c where c.event_id = k.event_id) as alone,
    coalesce(l.entries, 0)::int as entries,
    s.voided,
    exists (select from copq.unpriced as u where u.event_id = k.event_id) as unpriced
from copq.event_key as k
join copq.event as e on e.occurred_at = k.occurred_at and e.event_id = k.event_id
left join standing as l on l.event_id = k.event_id
left join copq.stop as s on s.event_id = k.event_id
where k.event_id = any(:ids::text[])
order by k.event_id

-- name: verify_once
-- Entries that several events may cause: standing without any of these, or withdrawn although one
-- counts.
with booked as (
    select event_id, plant, line, product, day,
        sum(case when reverses is null then 1 else -1 end)::int as standing
    from copq.ledger
    where element = 'recovery_overhead'
    group by 1, 2, 3, 4, 5
), recovered as (
    select plant, line, product, day, sum(recovered) as recovered
    from copq.ledger
    where element in ('defect', 'scrap')
    group by 1, 2, 3, 4
), compared as (
    select
        b.event_id, b.plant, b.line, b.product, b.day, b.standing, coalesce(r.recovered > 0, false)::int as due,
        exists (select from copq.withdrawn as w where w.event_id = b.event_id) as withdrawn
    from booked as b
    left join recovered as r
        on (r.plant, r.line, r.product, r.day) = (b.plant, b.line, b.product, b.day)
)
select event_id, plant, line, product, day, standing, due, withdrawn from compared
where standing <> due or withdrawn = (due = 1)
order by event_id

-- name: verify_links
-- Entries that name a correction which does not exist.
select event_id, entry_no, corrected_by
from copq.ledger as l
where corrected_by is not null
    and not exists (select from copq.correction as c where c.event_id = l.corrected_by)
order by event_id, entry_no
