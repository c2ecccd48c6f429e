-- What a line's figures consist of. $window and ${plant:regex} are variables of Grafana.

-- name: pareto
-- The causes of COPQ in the window chosen, most expensive first, with their running share.
with {{spans}},
{{counted}},
losses as (
    select concat_ws(' ', element, stage, defect_code) as cause, sum(counted_net) as net
    from counted
    where category like '%_failure'
    group by 1
    having sum(counted_net) > 0
)
select
    cause, copq.rounded(net, '$currency') as net, net / sum(net) over () as share,
    sum(net) over (order by net desc, cause) / sum(net) over () as running_share
from losses
order by losses.net desc, cause
limit 20

-- name: stops
-- The stops of the window chosen with their minutes in it, newest first.
with {{spans}}
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

-- name: behind
-- The newest entries that count in the window chosen.
with {{spans}},
{{counted}}
select
    occurred_at as "time", plant, line, event_id, element, product, stage, work_unit, defect_code,
    quantity,
    copq.rounded(gross, currency) as gross, copq.rounded(recovered, currency) as recovered,
    copq.rounded(allowed, currency) as allowed, copq.rounded(net, currency) as net,
    part as counted, currency, rate_version, booked_at
from counted
where category <> 'none'
order by occurred_at desc, event_id, entry_no
limit 200

-- name: spans
-- From when until when the window chosen lasts in each plant, by the plant's clock. Names stand in
-- dollar quotes, so that an apostrophe does not end the text.
span as (
    select
        plant,
        case '$window'
            when '1h' then now() - interval '1 hour'
            when '24h' then now() - interval '24 hours'
            when '30d' then now() - interval '30 days'
            when 'hour' then this_hour
            when 'last_hour' then this_hour - interval '1 hour'
            when 'day' then (today + day_start) at time zone zone
            when 'last_day' then (today - 1 + day_start) at time zone zone
            when 'month' then (month::date + day_start) at time zone zone
            when 'last_month' then ((month - interval '1 month')::date + day_start) at time zone zone
        end as since,
        case '$window'
            when 'last_hour' then this_hour
            when 'last_day' then (today + day_start) at time zone zone
            when 'last_month' then (month::date + day_start) at time zone zone
            else now()
        end as until
    from (
        select
            plant, zone, day_start, today, date_trunc('month', today::timestamp) as month,
            date_trunc('hour', now(), zone) as this_hour
        from (
            select distinct on (key)
                content ->> 'plant' as plant, content ->> 'time_zone' as zone,
                (content ->> 'day_start')::time as day_start,
                (now() at time zone (content ->> 'time_zone')
                    - (content ->> 'day_start')::interval)::date as today
            from copq.rate_item
            where kind = 'plant'
            order by key, effective_from desc, revision desc
        ) as calendar
    ) as clock
    where plant ~ $name$^(${plant:regex})$$name$
)

-- name: counted
-- The entries that count in the window chosen. `part` is the share of an entry that lies in the
-- window: a stop may begin before the window. The entry of a stop lasts an hour at most.
counted as (
    select
        entry.*, copq.part_of_stop(1, occurred_at, lasted, since, until) as part,
        copq.part_of_stop(net, occurred_at, lasted, since, until) as counted_net
    from (
        select *, case when element in ('downtime', 'planned_stop') then seconds else 0 end as lasted
        from copq.ledger
        where occurred_at >= (select min(since) from span) - interval '1 hour'
            and plant ~ $name$^(${plant:regex})$$name$
            and line ~ $name$^(${line:regex})$$name$
            and coalesce(product, '') ~ $name$^(${product:regex})$$name$
            and currency = '$currency'
    ) as entry
    join span using (plant)
    where occurred_at < until
        and (occurred_at >= since or occurred_at + make_interval(secs => abs(lasted)::float8) > since)
)
