-- Events with bytes before each plant's bound, by plant and month; `settled` may be dropped.
select
    plant, date_trunc('month', occurred_at at time zone 'UTC')::date as month,
    count(*) filter (where settled) as events,
    coalesce(sum(size) filter (where settled), 0)::bigint as bytes,
    count(*) filter (where not settled) as kept
from (
    select
        e.plant, e.occurred_at, octet_length(e.payload) as size,
        copq.is_settled(e.event_id, e.occurred_at, e.event_type) as settled
    from unnest($1::text[], $2::timestamptz[]) as bound (plant, until)
    join copq.event as e on e.plant = bound.plant and e.occurred_at < bound.until
    where e.payload is not null
) as found
group by 1, 2
order by 1, 2
