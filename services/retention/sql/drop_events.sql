-- The bytes of settled events behind ($1, $2) and up to ($3, $4), of plants before their bounds.
with due as (
    select e.tableoid, e.ctid, octet_length(e.payload) as size
    from copq.event as e
    join unnest($5::text[], $6::timestamptz[]) as bound (plant, until)
        on e.plant = bound.plant and e.occurred_at < bound.until
    where e.occurred_at >= $1 and e.occurred_at <= $3
        and (e.occurred_at, e.event_id) > ($1, $2::text collate "C")
        and (e.occurred_at, e.event_id) <= ($3, $4::text collate "C")
        and e.payload is not null
        and copq.is_settled(e.event_id, e.occurred_at, e.event_type)
), dropped as (
    update copq.event as e
    set payload = null, dropped_by = $7, payload_sha256 = sha256(convert_to(payload, 'UTF8'))
    from due
    where e.tableoid = due.tableoid and e.ctid = due.ctid
        and e.occurred_at >= $1 and e.occurred_at <= $3 and e.payload is not null
    returning due.size
)
select count(*) as dropped, coalesce(sum(size), 0)::bigint as bytes from dropped
