-- name: late_rates
-- Currencies and days with standing entries that lack an exchange rate which is now known.
select currency, day
from copq.rollup
where grain = 'day' and unconverted > 0
group by currency, day
having copq.rate_of_day(currency, day) is not null
order by day, currency

-- name: take_unconverted
-- Entries of a currency and day that were booked without a rate, after the entry (:after_time,
-- :after_id, :after_no): whether they are reversed, the last number that their event uses, and who
-- added the rate. A stop's entries lie at different times. The page comes first, so that its size
-- bounds the work.
with page as materialized (
    select *
    from copq.ledger as l
    where l.currency = :currency and l.day = :day
        and l.occurred_at >= greatest(:after_time::timestamptz, :day::date - interval '2 days')
        and l.occurred_at < :day::date + interval '3 days'
        and l.exchange_rate is null and l.reverses is null
        and (l.occurred_at, l.event_id, l.entry_no)
            > (:after_time, :after_id::text collate "C", :after_no::int)
    order by l.occurred_at, l.event_id, l.entry_no
    limit :limit
)
select page.*, greatest(own.last_no, stopped.last_no) as last_no, own.taken_back,
    (select copq.rate_given_by(:currency, :day)) as given_by
from page
left join copq.stop as s on s.event_id = page.event_id
cross join lateral (
    select max(o.entry_no) as last_no,
        coalesce(bool_or(o.reverses = page.entry_no), false) as taken_back
    from copq.ledger as o
    where o.occurred_at = page.occurred_at and o.event_id = page.event_id
) as own
cross join lateral (
    select max(o.entry_no) as last_no from copq.ledger as o
    where o.element in ('downtime', 'planned_stop') and o.plant = page.plant and o.line = page.line
        and o.occurred_at >= s.started_at and o.occurred_at < s.ended_at
        and o.event_id = page.event_id
) as stopped
order by page.occurred_at, page.event_id, page.entry_no

-- name: exchange_state
-- A value that changes when an exchange rate may have been added.
select
    (select array[currency, rate_days::text] from copq.reporting_currency) as reporting,
    (select max(version) from copq.exchange_version) as version
