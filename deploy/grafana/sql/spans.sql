-- From when until when the window chosen lasts in each plant, by its own clock. Names stand in
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
