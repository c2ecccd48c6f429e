-- Of these events, as far as they are stored: where they are, and what stands of them.
with standing as (
    select event_id, sum(case when reverses is null then 1 else -1 end) as entries
    from copq.ledger
    where event_id = any($1::text[])
    group by event_id
)
select
    k.event_id, e.event_type, e.plant, e.line,
    not exists (select from copq.claim as c where c.event_id = k.event_id) as alone,
    coalesce(l.entries, 0)::int as entries,
    s.voided,
    exists (select from copq.unpriced as u where u.event_id = k.event_id) as unpriced
from copq.event_key as k
join copq.event as e on e.occurred_at = k.occurred_at and e.event_id = k.event_id
left join standing as l on l.event_id = k.event_id
left join copq.stop as s on s.event_id = k.event_id
where k.event_id = any($1::text[])
order by k.event_id
