-- Changes when a rate may be there that was not.
select
    (select array[currency, rate_days::text] from copq.reporting_currency) as reporting,
    (select max(version) from copq.exchange_version) as version
