-- Exchange rates of entries that are not the one of their version for their day, or whose version
-- was imported after the entry was booked.
with used as (
    select
        l.currency, l.reporting_currency, l.day, l.exchange_rate, l.exchange_version,
        count(*) as entries, min(l.booked_at) as booked_at, min(l.event_id) as event_id
    from copq.ledger as l
    where l.exchange_rate is not null and l.reverses is null
    group by 1, 2, 3, 4, 5
)
select u.currency, u.day, u.event_id, u.entries, u.exchange_rate
from used as u
left join copq.reporting_currency as r on true
where r.currency is distinct from u.reporting_currency
    or case when u.currency = u.reporting_currency then u.exchange_rate <> 1 else not exists (
        select from copq.exchange_rate as x
        join copq.exchange_version as v using (version)
        where x.currency = u.currency and x.version = u.exchange_version
            and x.rate = u.exchange_rate and v.imported_at <= u.booked_at
            and x.day between u.day - 366 and u.day
            and not exists (
                select from copq.exchange_rate as later
                where later.currency = x.currency and later.version = x.version
                    and later.day > x.day and later.day <= u.day)) end
order by u.currency, u.day
