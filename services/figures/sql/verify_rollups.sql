-- Every rollup row, recomputed from the ledger as posting does it, that is not what is stored.
-- A stored row of zeros alone needs no entry.
with by_hour as (
    select
        plant, line, coalesce(product, '') as product, element, category, currency, day, hour,
        sum(case when reverses is null then 1 else -1 end) as entries,
        sum(quantity) as quantity, sum(gross) as gross, sum(recovered) as recovered,
        sum(allowed) as allowed, sum(net) as net, sum(seconds) as seconds, sum(base) as base,
        sum(good) as good, sum(ungraded) as ungraded, coalesce(sum(gross * exchange_rate), 0) as reporting_gross,
        coalesce(sum(recovered * exchange_rate), 0) as reporting_recovered,
        coalesce(sum(net * exchange_rate), 0) as reporting_net,
        coalesce(sum(base * exchange_rate), 0) as reporting_base,
        coalesce(sum(case when reverses is null then 1 else -1 end)
            filter (where exchange_rate is null), 0) as unconverted
    from copq.ledger
    group by 1, 2, 3, 4, 5, 6, 7, 8
), by_grain as (
    select 'hour' as grain, * from by_hour
    union all
    select
        'day', plant, line, product, element, category, currency, day,
        '-infinity'::timestamptz, sum(entries), sum(quantity), sum(gross), sum(recovered),
        sum(allowed), sum(net), sum(seconds), sum(base), sum(good), sum(ungraded), sum(reporting_gross),
        sum(reporting_recovered), sum(reporting_net), sum(reporting_base), sum(unconverted)
    from by_hour
    group by 2, 3, 4, 5, 6, 7, 8
    union all
    select
        'month', plant, line, product, element, category, currency,
        date_trunc('month', day)::date, '-infinity'::timestamptz, sum(entries), sum(quantity),
        sum(gross), sum(recovered), sum(allowed), sum(net), sum(seconds), sum(base), sum(good), sum(ungraded),
        sum(reporting_gross), sum(reporting_recovered), sum(reporting_net), sum(reporting_base),
        sum(unconverted)
    from by_hour
    group by 2, 3, 4, 5, 6, 7, 8
)
select
    grain, plant, line, product, element, category, currency, day,
    nullif(hour, '-infinity'::timestamptz) as hour,
    l.entries as ledger_entries, r.entries as rollup_entries,
    l.quantity as ledger_quantity, r.quantity as rollup_quantity,
    l.gross as ledger_gross, r.gross as rollup_gross,
    l.recovered as ledger_recovered, r.recovered as rollup_recovered,
    l.allowed as ledger_allowed, r.allowed as rollup_allowed,
    l.net as ledger_net, r.net as rollup_net,
    l.seconds as ledger_seconds, r.seconds as rollup_seconds,
    l.base as ledger_base, r.base as rollup_base,
    l.good as ledger_good, r.good as rollup_good,
    l.ungraded as ledger_ungraded, r.ungraded as rollup_ungraded,
    l.reporting_gross as ledger_reporting_gross, r.reporting_gross as rollup_reporting_gross,
    l.reporting_recovered as ledger_reporting_recovered,
    r.reporting_recovered as rollup_reporting_recovered,
    l.reporting_net as ledger_reporting_net, r.reporting_net as rollup_reporting_net,
    l.reporting_base as ledger_reporting_base, r.reporting_base as rollup_reporting_base,
    l.unconverted as ledger_unconverted, r.unconverted as rollup_unconverted
from by_grain as l
full join copq.rollup as r
    using (grain, plant, line, product, element, category, currency, day, hour)
where (l.entries, l.quantity, l.gross, l.recovered, l.allowed, l.net, l.seconds, l.base, l.good, l.ungraded,
        l.reporting_gross, l.reporting_recovered, l.reporting_net, l.reporting_base, l.unconverted)
    is distinct from
    (r.entries, r.quantity, r.gross, r.recovered, r.allowed, r.net, r.seconds, r.base, r.good, r.ungraded,
        r.reporting_gross, r.reporting_recovered, r.reporting_net, r.reporting_base, r.unconverted)
    and not (
        l.entries is null
        and (r.entries, r.quantity, r.gross, r.recovered, r.allowed, r.net, r.seconds, r.base, r.good, r.ungraded,
            r.reporting_gross, r.reporting_recovered, r.reporting_net, r.reporting_base,
            r.unconverted)
            = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
order by grain, plant, line, product, element, currency, day, hour
