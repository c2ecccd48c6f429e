-- name: what_if_window
-- Standing entries of the window and scope that cost something, included in the queries below. The
-- production days from :first to :last lie between the instants :since and :until. With :booked_until
-- entries that were booked later are not there, and neither are later reversals.
    l.occurred_at >= :since and l.occurred_at < :until
    and l.day >= :first and l.day < :last
    and (:plant::text is null or l.plant = :plant)
    and (:line::text is null or l.line = :line)
    and (:product::text is null or coalesce(l.product, '') = :product)
    and (:group::text is null or copq.group_of(l.plant, :grouping, l.product, l.day) = :group)
    and l.category <> 'none'
    and l.reverses is null
    and (:booked_until::timestamptz is null or l.booked_at <= :booked_until)
    and not exists (
        select from copq.ledger as r
        where r.occurred_at = l.occurred_at and r.event_id = l.event_id
            and r.reverses = l.entry_no
            and (:booked_until::timestamptz is null or r.booked_at <= :booked_until))

-- name: what_if_reached
-- The standing entries of events that the changes may reach. :reaches is a JSON array of filters,
-- each with the names that an entry may have, an empty one for none; `labour`: priced by a
-- labour rate.
from copq.ledger as l
join copq.event as e on e.occurred_at = l.occurred_at and e.event_id = l.event_id
where {{what_if_window}}
    and l.element not in ('downtime', 'planned_stop', 'recovery_overhead')
    and exists (
        select from jsonb_to_recordset(:reaches::jsonb) as r (
            plant text[], line text[], product text[], stage text[], event_type text[],
            defect_code text[], work_unit text[], shift text[], supplier text[], labour boolean)
        where (r.plant is null or l.plant = any(r.plant))
            and (r.line is null or l.line = any(r.line))
            and (r.product is null or coalesce(l.product, '') = any(r.product))
            and (r.stage is null or coalesce(l.stage, '') = any(r.stage))
            and (r.event_type is null or e.event_type = any(r.event_type))
            and (r.defect_code is null or coalesce(l.defect_code, '') = any(r.defect_code))
            and (r.work_unit is null or coalesce(l.work_unit, '') = any(r.work_unit))
            and (r.shift is null or coalesce(l.shift, '') = any(r.shift))
            and (r.supplier is null or coalesce(l.supplier, '') = any(r.supplier))
            and (r.labour is not true or l.labour_version is not null))

-- name: what_if_number
-- The number of entries that the changes may reach, at most :most and one.
select count(*) from (select {{what_if_reached}} limit :most::int + 1) as entry

-- name: what_if_entries
-- The entries that the changes may reach, with the bytes of their events; those of one event are
-- adjacent.
select
    l.event_id, l.entry_no, l.occurred_at, l.day, l.plant, l.line, l.product, l.stage, l.work_unit,
    l.defect_code, l.shift, l.supplier, l.element, l.category, l.gross, l.recovered, l.net,
    l.seconds, l.currency, l.rate_version, l.labour_version, e.event_type, e.payload
{{what_if_reached}}
order by l.occurred_at, l.event_id, l.entry_no

-- name: what_if_dispatches
-- The standing costs of dispatches of the window and scope.
select
    l.event_id, l.entry_no, l.occurred_at, l.day, l.plant, l.line, l.product, l.stage, l.work_unit,
    l.defect_code, l.shift, l.supplier, l.element, l.category, l.gross, l.recovered, l.net,
    l.seconds, l.currency, l.rate_version
from copq.ledger as l
where {{what_if_window}} and l.element = 'recovery_overhead'

-- name: what_if_stops
-- The standing costs of the stops of a line in the window and scope.
select
    l.event_id, l.entry_no, l.occurred_at, l.day, l.plant, l.line, l.product, l.stage, l.work_unit,
    l.defect_code, l.shift, l.supplier, l.element, l.category, l.gross, l.recovered, l.net,
    l.seconds, l.currency, l.rate_version
from copq.ledger as l
where {{what_if_window}} and l.element in ('downtime', 'planned_stop')
order by l.occurred_at, l.event_id, l.entry_no

-- name: what_if_lines
-- The lines with ended stops that the changes may reach, and how many stops each has in the window.
-- :reaches as in `what_if_reached`; `rate`: all stops of the line.
select s.plant, s.line, count(*) as stops
from copq.stop as s
where s.ended_at is not null and not s.voided
    and tstzrange(s.started_at, s.ended_at, '[]') && tstzrange(:since::timestamptz, :until::timestamptz)
    and (:plant::text is null or s.plant = :plant)
    and (:line::text is null or s.line = :line)
group by s.plant, s.line
having bool_or(exists (
    select from jsonb_to_recordset(:reaches::jsonb) as r (
        plant text[], line text[], defect_code text[], work_unit text[])
    where (r.plant is null or s.plant = any(r.plant))
        and (r.line is null or s.line = any(r.line))
        and (r.defect_code is null or coalesce(s.defect_code, '') = any(r.defect_code))
        and (r.work_unit is null or coalesce(s.work_unit, '') = any(r.work_unit))))
order by s.plant, s.line

-- name: what_if_unpriced
-- Events of the window and scope without a price. An event near midnight may be of the day before
-- or after, since only a price has a production day; its group is that of the day in UTC.
select count(*) from copq.unpriced
where occurred_at >= :since and occurred_at < :until
    and (:plant::text is null or plant = :plant)
    and (:line::text is null or line = :line)
    and (:product::text is null or coalesce(product, '') = :product)
    and (:group::text is null
        or copq.group_of(plant, :grouping, product, (occurred_at at time zone 'UTC')::date) = :group)
