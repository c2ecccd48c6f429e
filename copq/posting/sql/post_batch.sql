-- name: post_batch
-- Post the staged batch: store new events, book their entries, sum the entries, add the sums to the
-- rollups. Duplicates are not in `fresh`, so later steps need not check for them.
-- `is true` prevents a nested loop: the planner cannot know how many rows are fresh.
-- The booking time is the start of the statement: it is after every earlier closing and revision,
-- and after the newest anchor, even if the server's clock was set back since.
-- Entries of a closed month are booked in the open month; their `day` and rollups stay the same.
-- `::date` allows a hash join: a timestamp would be compared with each closed month.
-- Rows of role k belong to events that are stored already, so they are booked without a check.
-- A new entry is converted at the rate of its day, a reversal at the rate of the reversed entry.
-- Rows are sorted before each insert, so that two writers never deadlock. For the same reason the
-- ids come first, then the lines (which the last query uses), then the rollups.
with clock as materialized (
    select copq.booking_instant() as now
), fresh as (
    insert into copq.event_key (event_id, occurred_at, plant, line)
    select event_id, occurred_at, plant, line from batch where role = 'g'
    order by event_id
    on conflict do nothing
    returning event_id
), kept as (
    insert into copq.event (
        occurred_at, event_id, event_type, plant, line, received_at, origin_partition,
        origin_offset, sent_by, payload)
    select
        occurred_at, event_id, event_type, plant, line, (select now from clock), origin_partition,
        origin_offset, sent_by, payload
    from batch
    where role = 'g' and payload is not null
        and (event_id in (select event_id from fresh)) is true
    returning plant, line, occurred_at
), heard as (
    insert into copq.line_heard as h (plant, line, occurred_at)
    select plant, line, least(max(occurred_at), now())
    from kept
    group by plant, line
    order by plant, line
    on conflict (plant, line) do update set
        occurred_at = greatest(h.occurred_at, excluded.occurred_at),
        received_at = excluded.received_at
    returning line
), exchange as materialized (
    select
        dated.currency, dated.day, reporting.currency as reporting_currency,
        copq.rate_of_day(dated.currency, dated.day) as rate,
        copq.rate_version_of_day(dated.currency, dated.day) as version
    from (
        select distinct currency, day from batch where element is not null and reverses is null
    ) as dated
    cross join copq.reporting_currency as reporting
), booked as (
    insert into copq.ledger (
        occurred_at, booked_at, event_id, entry_no, reverses, reason, booked_by, corrected_by, plant, line,
        product, stage, work_unit, defect_code, shift, supplier, element, category, quantity,
        gross, recovered, allowed, net, seconds, base, good, ungraded, currency, rate_version,
        labour_version, line_version, hour, day, period, exchange_rate, reporting_currency,
        exchange_version)
    select
        occurred_at, (select now from clock), event_id, entry_no, reverses, reason, booked_by, corrected_by, plant, line,
        product, stage, work_unit, defect_code, shift, supplier, element, category, quantity,
        gross, recovered, allowed, net, seconds, base, good, ungraded, currency, rate_version,
        labour_version, line_version, hour, day,
        coalesce(booked_in, date_trunc('month', day::timestamp)::date),
        case when reverses is null then x.rate else batch.exchange_rate end,
        case when reverses is null then x.reporting_currency else batch.reporting_currency end,
        case when reverses is null then x.version else batch.exchange_version end
    from batch
    left join (select plant as of_plant, month, booked_in from copq.period) as p
        on of_plant = plant and month = date_trunc('month', day::timestamp)::date
    left join exchange as x using (currency, day)
    where element is not null
        and (role = 'k' or event_id in (select event_id from fresh))
    returning
        plant, line, product, element, category, currency, day, hour, reverses, quantity, gross,
        recovered, allowed, net, seconds, base, good, ungraded, exchange_rate
), by_rate as (
    select
        plant, line, coalesce(product, '') as product, element, category, currency, day, hour,
        exchange_rate, sum(case when reverses is null then 1 else -1 end) as entries,
        sum(quantity) as quantity, sum(gross) as gross, sum(recovered) as recovered,
        sum(allowed) as allowed, sum(net) as net, sum(seconds) as seconds, sum(base) as base,
        sum(good) as good, sum(ungraded) as ungraded
    from booked
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9
), by_hour as (
    select
        plant, line, product, element, category, currency, day, hour, sum(entries) as entries,
        sum(quantity) as quantity, sum(gross) as gross, sum(recovered) as recovered,
        sum(allowed) as allowed, sum(net) as net, sum(seconds) as seconds, sum(base) as base,
        sum(good) as good, sum(ungraded) as ungraded, coalesce(sum(gross * exchange_rate), 0) as reporting_gross,
        coalesce(sum(recovered * exchange_rate), 0) as reporting_recovered,
        coalesce(sum(net * exchange_rate), 0) as reporting_net,
        coalesce(sum(base * exchange_rate), 0) as reporting_base,
        coalesce(sum(entries) filter (where exchange_rate is null), 0) as unconverted
    from by_rate
    group by 1, 2, 3, 4, 5, 6, 7, 8
), by_day as (
    select
        plant, line, product, element, category, currency, day,
        sum(entries) as entries, sum(quantity) as quantity, sum(gross) as gross,
        sum(recovered) as recovered, sum(allowed) as allowed, sum(net) as net,
        sum(seconds) as seconds, sum(base) as base, sum(good) as good, sum(ungraded) as ungraded,
        sum(reporting_gross) as reporting_gross, sum(reporting_recovered) as reporting_recovered,
        sum(reporting_net) as reporting_net, sum(reporting_base) as reporting_base,
        sum(unconverted) as unconverted
    from by_hour
    group by 1, 2, 3, 4, 5, 6, 7
), by_grain as (
    select
        'hour' as grain, plant, line, product, element, category, currency, day, hour, entries,
        quantity, gross, recovered, allowed, net, seconds, base, good, ungraded, reporting_gross,
        reporting_recovered, reporting_net, reporting_base, unconverted
    from by_hour
    union all
    select
        'day', plant, line, product, element, category, currency, day, '-infinity', entries,
        quantity, gross, recovered, allowed, net, seconds, base, good, ungraded, reporting_gross,
        reporting_recovered, reporting_net, reporting_base, unconverted
    from by_day
    union all
    select
        'month', plant, line, product, element, category, currency,
        date_trunc('month', day)::date, '-infinity', sum(entries), sum(quantity), sum(gross),
        sum(recovered), sum(allowed), sum(net), sum(seconds), sum(base), sum(good), sum(ungraded),
        sum(reporting_gross), sum(reporting_recovered), sum(reporting_net), sum(reporting_base),
        sum(unconverted)
    from by_day
    group by 2, 3, 4, 5, 6, 7, 8
), added as (
    insert into copq.rollup as r (
        grain, plant, line, product, element, category, currency, day, hour, entries, quantity,
        gross, recovered, allowed, net, seconds, base, good, ungraded, reporting_gross, reporting_recovered,
        reporting_net, reporting_base, unconverted)
    select * from by_grain
    order by grain, plant, line, product, element, currency, day, hour
    on conflict (grain, plant, line, product, element, currency, day, hour) do update set
        entries = r.entries + excluded.entries,
        quantity = r.quantity + excluded.quantity,
        gross = r.gross + excluded.gross,
        recovered = r.recovered + excluded.recovered,
        allowed = r.allowed + excluded.allowed,
        net = r.net + excluded.net,
        seconds = r.seconds + excluded.seconds,
        base = r.base + excluded.base,
        good = r.good + excluded.good,
        ungraded = r.ungraded + excluded.ungraded,
        reporting_gross = r.reporting_gross + excluded.reporting_gross,
        reporting_recovered = r.reporting_recovered + excluded.reporting_recovered,
        reporting_net = r.reporting_net + excluded.reporting_net,
        reporting_base = r.reporting_base + excluded.reporting_base,
        unconverted = r.unconverted + excluded.unconverted
)
select
    (select count(*) from kept) as fresh,
    (select count(*) from heard) as lines,
    array(
        select event_id from batch
        where role = 'g' and payload is not null and event_id not in (select event_id from fresh)
    ) as duplicates,
    array(
        select event_id from batch
        where outcome <> 'priced' and (role = 'k' or event_id in (select event_id from fresh))
    ) as special
