-- name: cut_anchor
-- A new anchor, later than the one before and than all that is booked.
insert into copq.anchor (anchor, until)
select
    coalesce(max(anchor), 0) + 1,
    greatest(clock_timestamp(), max(until) + interval '1 microsecond')
from copq.anchor

-- name: lock_anchors
-- Only one transaction at a time makes digests.
select pg_advisory_xact_lock(hashtextextended('copq.anchor', 0))

-- name: unfinished_anchors
-- Anchors without their digests yet, with the end of the one before and its digest.
select
    a.anchor, a.until, b.until as since, coalesce(d.digest, '') as before
from copq.anchor as a
left join copq.anchor as b on b.anchor = a.anchor - 1
left join copq.anchor_digest as d on d.anchor = a.anchor - 1
where not exists (select from copq.anchor_digest as own where own.anchor = a.anchor)
order by a.anchor
limit 1

-- name: digests
-- Digests of what was booked and received between instants, by plant and day. :edges are the
-- instants at which each anchor but the last ended, to which a microsecond was added; :since is
-- where the first begins (not in it), :until where the last ends (in it). `place` counts anchors
-- from 0. An entry's digest is SHA-256 of it as a JSON array, as docs/periods.md has it; that of an
-- event of one with the SHA-256 of its bytes, which outlives them. A day's is SHA-256 of these, in
-- order. Call it with timezone UTC and a search_path of pg_catalog alone.
with entries as (
    select
        width_bucket(booked_at, :edges::timestamptz[]) as place, plant, day, event_id, entry_no,
        occurred_at,
        sha256(convert_to(json_build_array(
            event_id, entry_no, occurred_at, booked_at, reverses, reason, booked_by,
            corrected_by, plant, line, product, stage, work_unit, defect_code, shift,
            supplier, element, category, quantity, gross, recovered, allowed, net, seconds,
            base, good, ungraded, currency, rate_version, labour_version, line_version, hour, day,
            period, exchange_rate, reporting_currency, exchange_version)::text, 'UTF8')) as digest
    from copq.ledger
    where booked_at > :since and booked_at <= :until
), events as (
    select
        width_bucket(received_at, :edges::timestamptz[]) as place, plant,
        (occurred_at at time zone 'UTC')::date as day, event_id, occurred_at,
        sha256(convert_to(json_build_array(
            event_id, occurred_at, event_type, plant, line, received_at, origin_partition,
            origin_offset, sent_by,
            encode(coalesce(sha256(convert_to(payload, 'UTF8')), payload_sha256), 'hex')
            )::text, 'UTF8')) as digest
    from copq.event
    where received_at > :since and received_at <= :until
)
select
    place, 'entries' as kind, plant, day, count(*) as rows,
    encode(sha256(string_agg(digest, ''::bytea order by event_id, entry_no, occurred_at)), 'hex')
        as digest
from entries
group by place, plant, day
union all
select
    place, 'events', plant, day, count(*),
    encode(sha256(string_agg(digest, ''::bytea order by event_id, occurred_at)), 'hex')
from events
group by place, plant, day

-- name: add_anchor_days
-- Add a day of an anchor.
insert into copq.anchor_day (anchor, kind, plant, day, rows, digest)
values (:anchor, :kind, :plant, :day, :rows, :digest)

-- name: add_anchor_digest
-- Add the digest over the days of an anchor.
insert into copq.anchor_digest (anchor, until, days, digest)
values (:anchor, :until, :days, :digest)

-- name: anchors
-- The anchors with their digests, the oldest first.
select anchor, until, digest from copq.anchor_digest order by anchor

-- name: anchor_days
-- The days of the anchors that have their digests, in the order in which the digest is over them.
select anchor, kind, plant, day, rows, digest
from copq.anchor_day
where anchor in (select anchor from copq.anchor_digest)
order by anchor, kind, plant, day

-- name: rows
-- The trail in order; as text what was sealed as text.
select
    seq, at, who, db_user, db_role, client, application, action, subject, old::text, new::text,
    why, hash
from copq.audit
order by seq

-- name: next_rows
-- The trail in order, from behind :after up to :last.
select
    seq, at, who, db_user, db_role, client, application, action, subject, old::text, new::text,
    why, hash
from copq.audit
where seq > :after and seq <= :last
order by seq
limit :limit

-- name: newest
-- The newest rows: :subject of this table, :who by this person, :since from this instant on, :until
-- before that one, :plant those that name this plant, :before those with a smaller number.
select
    seq, at, who, db_user, db_role, client, application, action, subject, old::text, new::text,
    why, hash
from copq.audit
where (:subject::text is null or subject = :subject)
    and (:who::text is null or who = :who)
    and (:since::timestamptz is null or at >= :since)
    and (:until::timestamptz is null or at < :until)
    and (:before::bigint is null or seq < :before)
    and (:plant::text is null or coalesce(new, old) ->> 'plant' = :plant)
order by seq desc
limit :limit

-- name: watched
-- The tables whose changes are written to the trail.
select c.relname::text as name
from pg_trigger t
join pg_class c on c.oid = t.tgrelid
where t.tgname = 'audited' and not t.tgisinternal and c.relnamespace = 'copq'::regnamespace
order by 1

-- name: head
-- The newest row of the trail and its seal.
select seq, hash from copq.audit order by seq desc limit 1

-- name: under_audit
-- The tables under audit, and the columns that the trail leaves out of each: texts that end in \0.
select format('%I.%I', n.nspname, c.relname) as name, n.nspname || '.' || c.relname as subject,
    t.tgargs as left_out
from pg_trigger as t
join pg_class as c on c.oid = t.tgrelid
join pg_namespace as n on n.oid = c.relnamespace
where t.tgname = 'audited' and not t.tgisinternal and n.nspname = 'copq'
order by 1

-- name: untraced
-- Rows of a table under audit that the trail does not lead to, and rows that it leads to and that
-- are not there. :left_out are the columns that the trail leaves out, :subject is the table as the
-- trail names it. The table's own name stands at {{table}}. Call it with timezone UTC, as the trail
-- is written.
with there as (
    select to_jsonb(t) - :left_out::text[] as row, count(*) as n from {{table}} as t group by 1
), steps as (
    select new as row, 1 as n from copq.audit where subject = :subject and new is not null
    union all
    select old, -1 from copq.audit where subject = :subject and old is not null
), decided as (
    select row, sum(n) as n from steps group by 1 having sum(n) <> 0
)
select
    coalesce(there.row, decided.row)::text as row, coalesce(decided.n, 0)::bigint as expected,
    coalesce(there.n, 0) as found
from there
full join decided on decided.row = there.row
where coalesce(decided.n, 0) <> coalesce(there.n, 0)
order by 1

-- name: newest_anchor
-- The newest anchor that has its digest.
select anchor, until, digest from copq.anchor_digest order by anchor desc limit 1
