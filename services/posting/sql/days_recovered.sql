-- What is recoverable of what was rejected and stands, of each line, product and production day.
select coalesce(sum(r.recovered), 0) as recovered
from unnest($1::text[], $2::text[], $3::text[], $4::date[])
    with ordinality as d (plant, line, product, day, number)
left join copq.rollup as r
    on r.grain = 'day' and r.plant = d.plant and r.line = d.line and r.product = d.product
    and r.day = d.day and r.element in ('defect', 'scrap')
group by d.number
order by d.number
