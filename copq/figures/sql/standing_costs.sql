-- name: verify_standing_positions
-- How far the standing costs of each plant are in the ledger.
select plant, revision from copq.standing_posted order by plant

-- name: verify_standing_costs
-- The days on which the entries of standing costs that stand are not those that are due, reckoned
-- here from the versions of the costs. :plants to :ends are the plants' currencies by production
-- days; an end is exclusive. 30 decimals, so that no division is rounded before the cent is.
with counted as (
    select distinct on (s.plant, s.line, s.name, s.first_day) s.*, p.day as until
    from copq.standing_cost as s
    join copq.standing_posted as p on p.plant = s.plant and s.number <= p.number
    order by s.plant, s.line, s.name, s.first_day, s.number desc
), due as (
    select
        c.plant, c.line, c.name, d.day::date as day, 'standing_' || c.category as element,
        c.currency,
        round((c.amount * m.nth + 0.000000000000000000000000000000) / m.days, m.digits)
            - round((c.amount * (m.nth - 1) + 0.000000000000000000000000000000) / m.days, m.digits)
            as net
    from counted as c
    cross join lateral generate_series(
        c.first_day::timestamp, least(c.last_day, c.until)::timestamp, interval '1 day') as d (day)
    cross join lateral (
        select
            extract(day from d.day) as nth, copq.digits(c.currency) as digits,
            extract(day from date_trunc('month', d.day) + interval '1 month -1 day') as days
    ) as m
    join unnest(:plants::text[], :currencies::text[], :starts::date[], :ends::date[])
        as k (plant, currency, starts, ends)
        on (k.plant, k.currency) = (c.plant, c.currency)
            and d.day >= k.starts and (k.ends is null or d.day < k.ends)
    where c.amount is not null
), booked as (
    select
        l.plant, l.line, s.name, l.day, l.element, l.currency, sum(l.net) as net,
        sum(case when l.reverses is null then 1 else -1 end)::int as entries
    from copq.ledger as l
    left join copq.standing_cost as s on s.number = case
        when l.event_id ~ '^copq:standing/[0-9]{1,18}/' then split_part(l.event_id, '/', 2)::bigint end
    where l.element in ('standing_appraisal', 'standing_prevention')
    group by 1, 2, 3, 4, 5, 6
    having sum(case when l.reverses is null then 1 else -1 end) <> 0 or sum(l.net) <> 0
)
select
    plant, line, name, day, element, currency, due.net as due, booked.net as booked,
    booked.entries
from due
full join booked using (plant, line, name, day, element, currency)
where due.net is distinct from booked.net or booked.entries is distinct from 1
order by plant, line, name, day, element, currency
