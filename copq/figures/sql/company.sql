-- name: company
-- Failure cost and production of several plants by currency, in their own currency and in the
-- reporting currency, in the spans of these arrays: buckets of a grain on days in [first, last) and
-- hours before `until` (null: all). `unconverted` are the standing entries without an exchange rate,
-- which the sums in the reporting currency lack.
select
    s.is_before, s.plant, r.currency,
    coalesce(sum(r.net) filter (where r.category = any(:failures::text[])), 0) as copq,
    coalesce(sum(r.base) filter (where r.element = 'production'), 0) as base,
    coalesce(sum(r.reporting_net) filter (where r.category = any(:failures::text[])), 0)
        as reporting_copq,
    coalesce(sum(r.reporting_base) filter (where r.element = 'production'), 0) as reporting_base,
    coalesce(sum(r.unconverted) filter (where r.category <> 'none' or r.element = 'production'), 0)
        ::bigint as unconverted
from unnest(
    :plants::text[], :grains::text[], :firsts::date[], :lasts::date[], :untils::timestamptz[],
    :befores::boolean[]
) as s (plant, grain, first, last, until, is_before)
join copq.rollup as r
    on r.plant = s.plant and r.grain = s.grain and r.day >= s.first and r.day < s.last
    and (s.until is null or r.hour < s.until)
group by 1, 2, 3
order by 2, 3, 1

-- name: company_signed
-- The plants that have closed a month, and the failure cost of its own events that the last closing
-- has signed, by currency (null: it signed no figures).
select p.plant, p.state, c.closed_at, f.currency, coalesce(sum(f.net), 0) as copq
from copq.period as p
join copq.closing as c on (c.plant, c.month, c.closing) = (p.plant, p.month, p.closings)
left join copq.closing_figure as f
    on (f.plant, f.month, f.closing) = (c.plant, c.month, c.closing)
    and f.of_month = f.month and f.category = any(:failures::text[])
where p.month = :month and p.state <> 'open' and p.plant = any(:plants::text[])
group by 1, 2, 3, 4
order by 1, 4

-- name: company_sees_all
-- Whether the reader sees all plants and lines.
select not row_security_active('copq.base_amount') or copq.sees_all()
