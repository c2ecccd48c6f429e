-- Of the events in the batch (of these ids, where any are given) those whose id belongs to another event: it is of another line, or
-- another sender has reported it for another instant. The rest of them are that event, sent again.
select b.event_id, b.payload, b.sent_by, b.origin_partition, b.origin_offset,
    (b.plant, b.line) <> (k.plant, k.line) as of_another_line
from batch as b
join copq.event_key as k using (event_id)
left join copq.event as e
    on e.occurred_at = k.occurred_at and e.event_id = k.event_id
        and k.occurred_at <> b.occurred_at and (b.plant, b.line) = (k.plant, k.line)
where ($1::text[] is null or b.event_id = any($1)) and b.payload is not null and k.occurred_at <> 'infinity'
    and ((b.plant, b.line) <> (k.plant, k.line)
        or (e.event_id is not null and b.sent_by is distinct from e.sent_by))
