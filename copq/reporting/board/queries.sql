-- name: version
-- The version of this transaction's snapshot: equal versions give equal answers.
select pg_current_snapshot()::text

-- name: newest
-- When lines of a plant (or only :line) had their last entry up to :now, in the production days
-- from :since_day to :day, standing costs apart, which come without the line. The rollup has the hour of that entry, so only these hours of the ledger
-- are read, once for all lines. Returns a row for each line that :named lists, and for the first
-- :most silent lines: lines with no entry after :silent_until and without an open stop. Each row
-- has the number of silent lines in `silence`, and the time of the newest entry of all lines.
with last as (
    select line, max(hour) as hour from copq.rollup
    where grain = 'hour' and plant = :plant and day >= :since_day::date and day <= :day::date
        and hour <= :now
        and element not in ('standing_appraisal', 'standing_prevention')
        and (:line::text is null or line = :line)
    group by line
), entry as (
    select last.line, max(found.occurred_at) as occurred_at
    from (select distinct hour from last) as h
    cross join lateral (
        select e.line, max(e.occurred_at) as occurred_at from copq.ledger as e
        where e.occurred_at >= h.hour and e.occurred_at < h.hour + interval '1 hour'
            and e.occurred_at <= :now and e.plant = :plant
            and e.element not in ('standing_appraisal', 'standing_prevention')
        group by e.line
    ) as found
    join last on last.line = found.line and last.hour = h.hour
    group by last.line
), heard as (
    select
        line, occurred_at,
        occurred_at <= :silent_until and occurred_at > :since
            and not exists (
                select from unnest(:stopped::text[]) as stopped where stopped = line) as is_silent
    from entry
), ranked as (
    select
        line, occurred_at, is_silent, max(occurred_at) over () as newest,
        count(*) filter (where is_silent) over () as silence,
        row_number() over (partition by is_silent order by occurred_at, line collate "C") as place,
        row_number() over (order by occurred_at desc, line collate "C") as newness
    from heard
)
select line, occurred_at, is_silent, newest, silence
from ranked
where :named::text[] is null or line = any(:named) or (is_silent and place <= :most) or newness = 1
order by occurred_at, line collate "C"

-- name: latest_entries
-- The newest standing entries of these categories, with their events. :since is inclusive, :until
-- exclusive; a null :line means every line, a null :group every product.
with newest as (
    select l.* from copq.ledger as l
    where l.occurred_at >= :since and l.occurred_at < :until
        and l.plant = :plant and (:line::text is null or l.line = :line)
        and (:group::text is null or copq.group_of(l.plant, :grouping, l.product, l.day) = :group)
        and l.category = any(:categories::text[]) and l.net > 0 and l.reverses is null
        and not exists (
            select from copq.ledger as r
            where r.occurred_at = l.occurred_at and r.event_id = l.event_id
                and r.reverses = l.entry_no
        )
    order by l.occurred_at desc, l.event_id desc, l.entry_no desc
    limit :limit
)
select
    newest.*, found.payload, found.received_at, found.event_type, null::timestamptz as dropped_at,
    null::text as dropped_by
from newest
left join copq.event_key as key on key.event_id = newest.event_id
left join lateral (
    select payload, received_at, event_type from copq.event as e
    where e.event_id = newest.event_id and e.occurred_at = key.occurred_at
) as found on true
order by newest.occurred_at desc, newest.event_id desc, newest.entry_no desc

-- name: rejected_since
-- Refused messages that wait for a replay, by code and field; the :limit most frequent first. Each
-- row has the numbers of all messages and kinds.
select
    code, field, count(*) as messages, sum(count(*)) over ()::bigint as messages_total,
    count(*) over () as kinds
from copq.rejected
where replayed_at is null and rejected_at >= :since
group by code, field
order by messages desc, code, field
limit :limit

-- name: largest_lines
-- The :limit lines of a plant with the greatest failure cost in the months from :first_month
-- to :last_month.
select line
from (
    select line, day, coalesce(sum(net) filter (where category = any(:categories::text[])), 0) as copq
    from copq.rollup
    where grain = 'month' and plant = :plant and day >= :first_month and day <= :last_month
        and currency = :currency
    group by line, day
) as monthly
group by line
order by sum(abs(copq)) desc, line collate "C"
limit :limit

-- name: largest_lines_since
-- The :limit lines of a plant with the greatest failure cost after :start up to :now. Stops count
-- from an hour earlier on, since they may last into that time.
select line
from copq.ledger
where occurred_at > :start::timestamptz - interval '1 hour' and occurred_at <= :now
    and plant = :plant
    and category = any(:categories::text[]) and currency = :currency
    and (occurred_at > :start or seconds <> 0)
group by line
having sum(net) > 0
order by sum(net) desc, line collate "C"
limit :limit

-- name: latest_day
-- The newest production day with figures of events, of one plant or of each.
select plant, max(day) as day from copq.rollup
where grain = 'month' and (:plant::text is null or plant = :plant)
    and element not in ('standing_appraisal', 'standing_prevention')
group by plant

-- name: latest_day_of_month
-- The newest production day of a month with figures of events.
select max(day) from copq.rollup
where grain = 'day' and plant = :plant and day >= :month
    and element not in ('standing_appraisal', 'standing_prevention')
    and day < (:month::date + interval '1 month')

-- name: plants_with_line
-- Those of these plants in which a line of this name has figures.
select plant from unnest(:plants::text[]) as p (plant)
where exists (
    select from copq.rollup as r where r.grain = 'month' and r.plant = p.plant and r.line = :line)
