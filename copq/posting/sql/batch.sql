-- name: create_batch
-- The staged batch. Only this connection sees it, and it is empty after each transaction.
create temporary table if not exists batch (
    role text not null,
    event_id text collate "C" not null,
    occurred_at timestamptz not null,
    event_type text,
    payload text,
    origin_partition int,
    origin_offset bigint,
    sent_by text,
    plant text not null,
    line text not null,
    product text,
    stage text,
    work_unit text,
    defect_code text,
    shift text,
    supplier text,
    outcome text not null,
    entry_no int not null,
    reverses int,
    reason text,
    booked_by text,
    corrected_by text,
    element text,
    category text,
    quantity numeric,
    gross numeric,
    recovered numeric,
    allowed numeric,
    net numeric,
    seconds numeric,
    base numeric,
    good numeric,
    ungraded numeric,
    currency text,
    rate_version bigint,
    labour_version bigint,
    line_version bigint,
    hour timestamptz,
    day date,
    exchange_rate numeric,
    reporting_currency text,
    exchange_version bigint
) on commit delete rows

-- name: empty_batch
-- Empty the batch.
truncate batch

-- name: share_posting
-- Until the transaction ends, no batch with corrections is posted.
select pg_advisory_xact_lock_shared(hashtextextended('copq.posting', 0))

-- name: lock_posting
-- Until the transaction ends, no other batch is posted.
select pg_advisory_xact_lock(hashtextextended('copq.posting', 0))

-- name: hold_booking
-- Until the transaction ends, no rate comes into force and no period is closed.
select pg_advisory_xact_lock_shared(hashtextextended('copq.booking', 0))

-- name: taken
-- The events of the batch (only of these ids, if any are given) whose id belongs to another event:
-- an event of another line, or one that another sender has reported for another instant. Any other
-- event with a known id is a repetition.
select b.event_id, b.payload, b.sent_by, b.origin_partition, b.origin_offset,
    (b.plant, b.line) <> (k.plant, k.line) as of_another_line
from batch as b
join copq.event_key as k using (event_id)
left join copq.event as e
    on e.occurred_at = k.occurred_at and e.event_id = k.event_id
        and k.occurred_at <> b.occurred_at and (b.plant, b.line) = (k.plant, k.line)
where (:ids::text[] is null or b.event_id = any(:ids)) and b.payload is not null
    and k.occurred_at <> 'infinity'
    and ((b.plant, b.line) <> (k.plant, k.line)
        or (e.event_id is not null and b.sent_by is distinct from e.sent_by))

-- name: keep_in_batch
-- Leave only these events in the batch.
delete from batch where not event_id = any(:ids::text[])

-- name: share_standing
-- Until the transaction ends, no corrected event is priced again.
select pg_advisory_xact_lock_shared(hashtextextended('copq.standing', 0))

-- name: lock_standing
-- Until the transaction ends, no other transaction applies corrections.
select pg_advisory_xact_lock(hashtextextended('copq.standing', 0))
