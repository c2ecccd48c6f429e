-- Into the batch: of each event that stands and costs something else now, what takes back the
-- entries that stand, and those that it has now, numbered after its last. $1 and $2 are the times
-- of the first and the last event of `repriced`, $3 and $4 why and by whom.
-- What stood because of a correction has that in its place as well.
-- The same figures are the same price, whichever version of a rate they come from.
with entries as materialized (
    select * from copq.ledger
    where occurred_at >= $1 and occurred_at <= $2
        and (event_id in (select event_id from repriced)) is true
), standing as materialized (
    select * from entries
    where reverses is null
        and ((event_id, entry_no) in (
            select event_id, reverses from entries where reverses is not null)) is not true
), compared as (
    select event_id, element, category, quantity, gross, recovered, allowed, net, seconds, base, good, ungraded,
        currency, hour, day, 1 as there
    from standing
    union all
    select event_id, element, category, quantity, gross, recovered, allowed, net, seconds, base, good, ungraded,
        currency, hour, day, -1
    from repriced
    where element is not null and (event_id in (select event_id from standing)) is true
), changed as materialized (
    select distinct event_id
    from (
        select event_id from compared
        group by event_id, element, category, quantity, gross, recovered, allowed, net, seconds, base,
            good, ungraded, currency, hour, day
        having sum(there) <> 0
    ) as differing
), taken_back as materialized (
    select s.*, l.last, row_number() over (partition by s.event_id order by s.entry_no) as nth,
        count(*) over (partition by s.event_id) as standing
    from standing as s
    join changed using (event_id)
    join (select event_id, max(entry_no) as last from entries group by event_id) as l
        using (event_id)
)
insert into batch (
    role, event_id, occurred_at, plant, line, product, stage, work_unit, defect_code, shift,
    supplier, outcome, entry_no, reverses, reason, booked_by, corrected_by, element, category, quantity, gross,
    recovered, allowed, net, seconds, base, good, ungraded, currency, rate_version,
    labour_version, line_version, hour, day, exchange_rate, reporting_currency, exchange_version)
select
    'k', event_id, occurred_at, plant, line, product, stage, work_unit, defect_code, shift,
    supplier, 'priced', last + nth, entry_no, $3, $4, null, element, category, -quantity, -gross,
    -recovered, -allowed, -net, -seconds, -base, -good, -ungraded, currency, rate_version,
    labour_version, line_version, hour, day, exchange_rate, reporting_currency, exchange_version
from taken_back
union all
select
    'k', t.event_id, t.occurred_at, t.plant, t.line, t.product, t.stage, t.work_unit,
    t.defect_code, t.shift, t.supplier, 'priced', t.last + t.standing + r.entry_no, null, $3, $4,
    t.corrected_by, r.element, r.category, r.quantity, r.gross, r.recovered, r.allowed, r.net, r.seconds, r.base,
    r.good, r.ungraded, r.currency, r.rate_version, r.labour_version, r.line_version, r.hour, r.day, null, null, null
from repriced as r
join taken_back as t on t.event_id = r.event_id and t.nth = 1
where r.element is not null
