-- name: bucket
-- The sums of one bucket: the hour :hour, or the day or month :first. An hour may lie in two
-- production days; its days, from :first to :last, only serve the index.
select plant, line, product, currency, element, category, quantity, net, seconds, base, good, ungraded
from copq.rollup
where grain = :grain and day >= :first and day <= :last
    and hour = coalesce(:hour::timestamptz, '-infinity')
    and plant = any(:plants::text[])

-- name: converted
-- The sums of one bucket in the reporting currency, selected as in `bucket`, by their own currency.
select
    r.currency as booked_in, c.currency, r.element, r.category, sum(r.reporting_net) as net,
    sum(r.reporting_base) as base, sum(r.unconverted)::bigint as unconverted
from copq.rollup as r
cross join copq.reporting_currency as c
where r.grain = :grain and r.day >= :first and r.day <= :last
    and r.hour = coalesce(:hour::timestamptz, '-infinity')
    and r.plant = any(:plants::text[])
group by 1, 2, 3, 4

-- name: repairs
-- Unplanned stops that ended after :start and up to :end. Each counts once, whatever the number of
-- its reports and pieces. Lines that :own_lines does not list are together in one.
select
    plant, copq.row_line(true, :own_lines::text[] is null or own_line is not null, line) as line,
    count(*) as stops, extract(epoch from sum(over_at - began_at))::float8 as seconds
from (
    select distinct plant, line, work_unit, defect_code, began_at, over_at
    from copq.stop
    where not planned and not voided and over_at > :start and over_at <= :end
        and plant = any(:plants::text[])
) as ended
left join unnest(:own_plants::text[], :own_lines::text[]) as own (own_plant, own_line)
    on own_plant = plant and own_line = line
group by 1, 2

-- name: unpriced
-- Events without a price by line and currency, as `copq unpriced` sums them; an unknown worth is
-- null. Lines that :own_lines does not list are together in one.
select
    plant, copq.row_line(true, :own_lines::text[] is null or own_line is not null, line) as line,
    currency, count(*) as events, sum(copq.worth_at(worth, per_hour, occurred_at, :now)) as worth
from copq.unpriced
left join unnest(:own_plants::text[], :own_lines::text[]) as own (own_plant, own_line)
    on own_plant = plant and own_line = line
group by 1, 2, 3

-- name: rejected
-- The refused messages that wait to be fixed and replayed.
select code, count(*) as events
from copq.rejected
where replayed_at is null and payload is not null
group by code

-- name: heard
-- When each line last sent an event.
select plant, line, occurred_at from copq.line_heard
