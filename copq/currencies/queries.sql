-- name: reporting
-- The reporting currency; no row until it is set.
select currency, rate_days, set_at, set_by from copq.reporting_currency

-- name: set_reporting
-- Set the reporting currency.
insert into copq.reporting_currency (currency, rate_days, set_by)
values (:currency, :rate_days, :set_by)
on conflict (only_one) do update set
    currency = excluded.currency, rate_days = excluded.rate_days, set_at = now(),
    set_by = excluded.set_by

-- name: in_use
-- Whether rates or entries are in the reporting currency.
select exists (select from copq.exchange_rate)
    or exists (select from copq.ledger where exchange_rate is not null)

-- name: lock_versions
-- One import after the other.
select pg_advisory_xact_lock(hashtextextended('copq.exchange_version', 0))

-- name: newest_rates
-- The newest version of each rate of these days.
select distinct on (currency, day) currency, day, rate
from copq.exchange_rate
where day between :first and :last
order by currency, day, version desc

-- name: add_version
-- Begin a version of the exchange rates.
insert into copq.exchange_version (source, imported_by, why)
values (:source, :imported_by, :why)
returning version

-- name: add_rates
-- Add the rates of a version.
insert into copq.exchange_rate (version, currency, day, rate)
select :version, currency, day, rate
from unnest(:currencies::text[], :days::date[], :rates::numeric[])
    as published (currency, day, rate)

-- name: summary
-- Each currency that has rates, or figures.
with rates as (
    select currency, count(distinct day) as rates, min(day) as first_day, max(day) as last_day
    from copq.exchange_rate group by currency
), figures as (
    select currency, sum(unconverted)::bigint as unconverted
    from copq.rollup where grain = 'month' group by currency
)
select
    currency, coalesce(rates, 0) as rates, first_day, last_day,
    copq.rate_of_day(currency, last_day) as newest_rate, coalesce(unconverted, 0) as unconverted
from rates full join figures using (currency)
order by currency

-- name: history
-- The versions of a currency's rates of the days from :start until before :end.
select r.day, r.rate, version, v.imported_at, v.imported_by, v.source, v.why
from copq.exchange_rate as r
join copq.exchange_version as v using (version)
where r.currency = :currency and r.day >= :start and r.day < :end
order by r.day desc, version desc

-- name: rates_of
-- The rates with which entries of these currencies and days would be booked now.
select currency, day, copq.rate_of_day(currency, day) as rate
from unnest(:currencies::text[], :days::date[]) as wanted (currency, day)
