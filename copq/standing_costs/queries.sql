-- name: add_standing_cost
-- Set a standing cost.
insert into copq.standing_cost (
    plant, line, name, category, element, amount, currency, first_day, last_day, note, set_by,
    source, why)
values (
    :plant, :line, :name, :category, :element, :amount, :currency, :first_day, :last_day, :note,
    :set_by, :source, :why)

-- name: standing_cost_history
-- Every version of the standing costs of a plant, line and name (null: of all), and how far each is
-- in the ledger. The last version of the same plant, line, name and first day counts.
select
    s.number, s.plant, s.line, s.name, s.category, s.element, s.amount, s.currency, s.first_day,
    s.last_day, s.note, s.set_at, s.set_by, s.source, s.why,
    row_number() over earlier as version,
    row_number() over later = 1 as is_newest,
    case when s.number <= p.number and s.first_day <= p.day
        then least(p.day, s.last_day) end as posted_until
from copq.standing_cost as s
left join copq.standing_posted as p using (plant)
where (:plant::text is null or s.plant = :plant)
    and (:line::text is null or s.line = :line)
    and (:name::text is null or s.name = :name)
window
    earlier as (partition by s.plant, s.line, s.name, s.first_day order by s.number),
    later as (partition by s.plant, s.line, s.name, s.first_day order by s.number desc)
order by s.plant, s.line, s.name, s.first_day, s.number desc

-- name: standing_cost
-- The standing cost of a number.
select
    number, plant, line, name, category, element, amount, currency, first_day, last_day, note,
    set_at, set_by, source, why,
    (
        select count(*) from copq.standing_cost as e
        where (e.plant, e.line, e.name, e.first_day) = (s.plant, s.line, s.name, s.first_day)
            and e.number <= s.number
    ) as version
from copq.standing_cost as s
where number = :number
