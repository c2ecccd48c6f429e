with {spans}
select
    started_at as "time", ended_at, plant, line, work_unit, defect_code, product, planned,
    extract(epoch from least(coalesce(ended_at, now()), until) - greatest(started_at, since)) / 60
        as minutes,
    copq.rounded(per_hour / 60, currency) as per_minute, currency, event_id
from copq.stop
join span using (plant)
where started_at < until and coalesce(ended_at, now()) > since and not voided
    and line ~ $name$^(${line:regex})$$name$
    and coalesce(product, '') ~ $name$^(${product:regex})$$name$
    and currency = '$currency'
order by started_at desc, event_id
limit 100
