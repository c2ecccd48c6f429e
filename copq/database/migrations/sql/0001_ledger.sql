-- Everything the service keeps. Money is numeric: exact, never rounded.

create schema copq;

-- What is append-only is so for everybody, its owner and a superuser included: these triggers
-- refuse whatever would change or remove a row. Only who may take triggers off gets past them.
create function copq.refuse_change() returns trigger
language plpgsql as $$
begin
    raise exception '%.% is append-only: % is refused', tg_table_schema, tg_table_name, lower(tg_op)
        using errcode = 'restrict_violation',
            hint = 'What is wrong is corrected by another row, never by changing this one.';
end $$;

-- Partitions inherit the trigger of rows, and need one of their own against being emptied.
create function copq.never_truncated(kept regclass) returns void
language plpgsql as $$
begin
    execute format(
        'create trigger never_truncated before truncate on %s '
        'for each statement execute function copq.refuse_change()', kept);
end $$;

create function copq.append_only(kept regclass) returns void
language plpgsql as $$
begin
    execute format(
        'create trigger append_only before update or delete on %s '
        'for each row execute function copq.refuse_change()', kept);
    perform copq.never_truncated(kept);
end $$;

-- The rate book: every version of every item, none ever changed.
create table copq.rate_revision (
    revision bigint generated always as identity primary key,
    imported_at timestamptz not null default now(),
    imported_by text not null,
    source text not null
);

create table copq.rate_item (
    revision bigint not null references copq.rate_revision,
    kind text not null check (kind in ('plant', 'plant_currency', 'cost_table', 'line_rate', 'labour_rate')),
    key text not null,
    effective_from timestamptz not null,
    content jsonb not null,
    primary key (kind, key, effective_from, revision)
);

-- Ids are compared byte by byte (collate "C"), whatever the locale of the server.

-- One row an event id, ever: a second event with the same id is not an event. It is kept apart
-- from the events so that it can span their partitions, and outlive their payloads. The id
-- belongs to the line of its event: one of another line that has it is refused.
-- An id that a correction has claimed before its event came is there from infinity on, of no line.
create table copq.event_key (
    event_id text collate "C" primary key,
    occurred_at timestamptz not null,
    plant text,
    line text,
    check ((plant is null) = (occurred_at = 'infinity') and (line is null) = (plant is null))
);

-- Its bytes stay as received, until a retention, `dropped_by`, drops them and leaves their SHA-256,
-- and in `attributes` what they say of those that the plant declares.
-- `received_at` is the instant at which the event was posted, as `booked_at` of its entries.
create table copq.event (
    occurred_at timestamptz not null,
    event_id text collate "C" not null,
    event_type text not null,
    plant text not null,
    line text not null,
    received_at timestamptz not null default now(),
    origin_partition int,
    origin_offset bigint,
    sent_by text,
    payload text,
    dropped_by bigint,
    payload_sha256 bytea check (octet_length(payload_sha256) = 32),
    attributes jsonb,
    check (attributes is null or payload is null),
    check ((payload is null) = (dropped_by is not null)),
    check ((payload is null) = (payload_sha256 is not null))
) partition by range (occurred_at);
create index event_occurred_at on copq.event (occurred_at);
-- Rows lie in the order in which they came, so that an index of a few pages finds the newest.
create index event_received_at on copq.event using brin (received_at) with (autosummarize = on);

-- What an event says next to its cost: whose problem it was, and the losses that are never money.
-- Most events say nothing of it and have no row. A stop's entries may lie long after its start.
create table copq.event_problem (
    event_id text collate "C" primary key,
    occurred_at timestamptz not null,
    plant text not null,
    line text not null,
    is_stop boolean not null,
    function text,
    interventions int not null check (interventions >= 0),
    wrong_routings int not null check (wrong_routings >= 0),
    other_master_data int not null check (other_master_data >= 0),
    handled_by int check (handled_by between 1 and 5),
    severity int check (severity between 1 and 5),
    contacts int check (contacts between 1 and 5),
    people int check (people between 1 and 5),
    duration int check (duration between 1 and 5)
);
create index event_problem_occurred_at on copq.event_problem (occurred_at);
create index event_problem_stop on copq.event_problem (occurred_at) where is_stop;
create index event_problem_function on copq.event_problem (function) where function is not null;

-- When a line was last heard of: its newest event, never later than it came.
create table copq.line_heard (
    plant text not null,
    line text not null,
    occurred_at timestamptz not null,
    received_at timestamptz not null default now(),
    primary key (plant, line)
) with (fillfactor = 50);

-- The ledger. An entry is never changed or removed; `reverses` names the entry of the same
-- event that a reversal takes back, `corrected_by` the correction that caused it: an entry booked
-- again in its place keeps that, and says in `reason` and `booked_by` why itself is there. `day` is
-- the production day of `occurred_at`; `period` the month in which the entry is booked, another
-- than that of `day` only once a month is closed.
-- `exchange_rate` is what one unit of `currency` was worth in the reporting currency on `day`, as
-- known when the entry was booked; null where there was none. `rate_version` is the version of the
-- cost table, else of the line or labour rate, else the newest of the rate book; the other versions
-- are those of the labour, line and exchange rates that the entry was computed from, if it was.
create table copq.ledger (
    occurred_at timestamptz not null,
    booked_at timestamptz not null default now(),
    event_id text collate "C" not null,
    entry_no int not null,
    reverses int,
    reason text,
    booked_by text,
    corrected_by text collate "C",
    plant text not null,
    line text not null,
    product text,
    stage text,
    work_unit text,
    defect_code text,
    shift text,
    supplier text,
    element text not null,
    category text not null,
    quantity numeric not null,
    gross numeric not null,
    recovered numeric not null,
    allowed numeric not null,
    net numeric not null,
    seconds numeric not null,
    base numeric not null,
    good numeric not null,
    ungraded numeric not null default 0,
    currency text not null,
    rate_version bigint not null,
    labour_version bigint,
    line_version bigint,
    hour timestamptz not null,
    day date not null,
    period date not null,
    exchange_rate numeric check (exchange_rate > 0),
    reporting_currency text,
    exchange_version bigint,
    check (exchange_rate is null or reporting_currency is not null),
    check (net = gross - recovered - allowed)
) partition by range (occurred_at);
create index ledger_occurred_at on copq.ledger (occurred_at);
create index ledger_booked_at on copq.ledger using brin (booked_at) with (autosummarize = on);
create index ledger_downtime on copq.ledger (plant, line, occurred_at) where element in ('downtime', 'planned_stop');
create index ledger_corrected on copq.ledger (corrected_by) where corrected_by is not null;

-- Calendar buckets of the plant. `hour` is the instant at which the hour starts, and minus
-- infinity in the days and months; `day` is the production day, or the first of the month. What
-- is `reporting_` is in the reporting currency, without the `unconverted` entries, which have no rate.
create table copq.rollup (
    grain text not null check (grain in ('hour', 'day', 'month')),
    plant text not null,
    line text not null,
    product text not null,
    element text not null,
    currency text not null,
    day date not null,
    hour timestamptz not null,
    category text not null,
    entries bigint not null,
    quantity numeric not null,
    gross numeric not null,
    recovered numeric not null,
    allowed numeric not null,
    net numeric not null,
    seconds numeric not null,
    base numeric not null,
    good numeric not null,
    ungraded numeric not null default 0,
    reporting_gross numeric not null default 0,
    reporting_recovered numeric not null default 0,
    reporting_net numeric not null default 0,
    reporting_base numeric not null default 0,
    unconverted bigint not null default 0,
    primary key (grain, plant, line, product, element, currency, day, hour)
) with (fillfactor = 70);
create index rollup_day on copq.rollup (grain, day, hour);

-- The next Kafka offset to read: moved in the transaction that books what lies below it. It holds
-- for one log only: the topic of this id, in which the record before `next_offset` has this
-- fingerprint. `leader_epoch` is the newest leader for whom this was checked.
create table copq.fence (
    topic text not null,
    partition int not null,
    next_offset bigint not null,
    topic_id text not null default '',
    leader_epoch int not null default -1,
    fingerprint text not null default '',
    primary key (topic, partition)
);

-- Events without a price, and the revision of the rate book that had none for them. What each is
-- worth by the nearest known rate is null where none would do; a stop that is open has the money
-- that it costs an hour instead.
create table copq.unpriced (
    event_id text collate "C" primary key,
    occurred_at timestamptz not null,
    event_type text not null,
    plant text not null,
    line text not null,
    product text,
    reason text not null,
    tried_revision bigint not null,
    worth numeric,
    base numeric,
    per_hour numeric,
    currency text,
    nearest_version bigint,
    nearest_from timestamptz,
    since timestamptz not null default now()
);
create index unpriced_tried on copq.unpriced (tried_revision);

-- Stops as reported. Their cost is booked in the ledger once united, by line; that of a stop
-- which a correction has voided is none. A stop may be reported in adjoining pieces, a row each.
-- `began_at` of each piece is when the whole stop began; `over_at` of the first piece is when the
-- whole was over. `over_at` is null of all other pieces, while the stop is open, and where another
-- report of the same stop is believed.
create table copq.stop (
    event_id text collate "C" primary key,
    plant text not null,
    line text not null,
    product text,
    work_unit text,
    defect_code text,
    shift text,
    started_at timestamptz not null,
    ended_at timestamptz,
    planned boolean not null,
    per_hour numeric not null,
    currency text not null,
    rate_version bigint not null,
    voided boolean not null default false,
    began_at timestamptz not null,
    over_at timestamptz
);
create index stop_ended on copq.stop (plant, line, ended_at, started_at);
create index stop_time on copq.stop using gist (tstzrange(started_at, ended_at, '[]'))
    where ended_at is not null;
create index stop_over on copq.stop (over_at) where not planned;
create index stop_open on copq.stop (plant, line, started_at) where ended_at is null;

-- Corrections as reported, and what becomes of each: it is applied while it is in force. `why`
-- says more where it is not, `replacement` the id of the event that it brings, which is of its own
-- plant and line. Those `beyond` the first hundred of one event, and of other lines beyond their
-- first hundred, are kept and not looked at.
create table copq.correction (
    event_id text collate "C" primary key,
    corrects text collate "C" not null,
    replacement text collate "C",
    replacement_plant text,
    replacement_line text,
    occurred_at timestamptz not null,
    plant text not null,
    line text not null,
    reason text not null,
    booked_by text,
    state text not null default 'waiting'
        check (state in ('applied', 'waiting', 'superseded', 'corrected', 'not_applicable')),
    why text,
    applied_at timestamptz,
    beyond boolean not null default false
);
create index correction_corrects on copq.correction (corrects) where not beyond;
create index correction_replacement on copq.correction (replacement)
    where replacement is not null and not beyond;
create index correction_waiting on copq.correction (occurred_at) where state = 'waiting';

-- The ids that corrections connect with these: what corrections name, and the corrections themselves. What
-- a correction of another line's event names is not followed, nor a replacement whose id is that of
-- another line's event: neither can apply.
create function copq.connected_ids(ids text[]) returns table (id text)
language sql stable as $$
    with recursive near (id) as (
        select unnest(ids) collate "C"
        union
        select other.id
        from near
        cross join lateral (
            select event_id from copq.correction where event_id = near.id and not beyond
            union
            select event_id from copq.correction where corrects = near.id and not beyond
            union
            select event_id from copq.correction where replacement = near.id and not beyond
        ) as of_it
        join copq.correction as c on c.event_id = of_it.event_id
        left join copq.event_key as target on target.event_id = c.corrects
        left join copq.event_key as brought on brought.event_id = c.replacement
        cross join lateral (
            select coalesce((target.plant, target.line) <> (c.plant, c.line), false) as strange
        ) as s
        cross join lateral (
            select s.strange
                or coalesce((brought.plant, brought.line)
                    <> (c.replacement_plant, c.replacement_line), false) as brings_nothing
        ) as b
        cross join lateral (values
            (c.event_id),
            (case when not strange then c.corrects end),
            (case when not brings_nothing then c.replacement end)) as other (id)
        where other.id is not null
    )
    select near.id from near
$$;

-- Ids that only corrections have named so far, as what they correct or what they bring. A
-- replacement is stored at once; the row goes when an event of this id comes by itself.
create table copq.claim (
    event_id text collate "C" primary key,
    stored boolean not null default false
);

-- Entries that several events may cause, taken back while none of them stands.
create table copq.withdrawn (
    event_id text collate "C" primary key
);

-- What was refused, with its bytes. Where it came from Kafka, its fingerprint tells it from another
-- message that lies at the same offset once the topic is made again.
create table copq.rejected (
    rejected_id bigint generated always as identity primary key,
    rejected_at timestamptz not null default now(),
    origin_topic text,
    origin_partition int,
    origin_offset bigint,
    origin_fingerprint text,
    code text not null,
    field text not null,
    message text not null,
    size bigint not null,
    headers json not null default '[]',
    sent_by text,
    payload bytea,
    dropped_by bigint,
    replayed_at timestamptz,
    replayed_by text,
    check ((payload is null) = (dropped_by is not null)),
    unique (origin_topic, origin_partition, origin_offset, origin_fingerprint)
);

-- An event whose id belongs to another is refused each time it is read: it is kept once.
create unique index rejected_taken on copq.rejected (coalesce(sent_by, ''), sha256(payload))
    where code = 'id_taken' and replayed_at is null and payload is not null;
create index rejected_waiting on copq.rejected (code) where replayed_at is null and payload is not null;

-- The part of an amount of a stop's entry, which began at `begun` and lasted `seconds`, that lies
-- between two instants: to nine decimals, a half away from zero, as `Share` in Python; all of it is
-- exact. An entry without time is counted where it began.
create function copq.part_of_stop(
    amount numeric, begun timestamptz, seconds numeric, since timestamptz, until timestamptz
) returns numeric
language sql stable parallel safe as $$
    select case
        when begun >= since and begun + make_interval(secs => abs(seconds)::float8) <= until
            then amount
        when begun >= until or begun + make_interval(secs => abs(seconds)::float8) <= since then 0
        else round(
            -- 30 decimals, so that the division is not rounded to a half of the last one before.
            (amount * extract(epoch from
                least(begun + make_interval(secs => abs(seconds)::float8), until)
                - greatest(begun, since)) + 0.000000000000000000000000000000)
            / abs(seconds), 9)
    end
$$;

-- What an event without a price is worth at an instant: a stop that is open costs until then.
create function copq.worth_at(
    worth numeric, per_hour numeric, occurred_at timestamptz, instant timestamptz
) returns numeric
language sql stable parallel safe as $$
    select worth
        + coalesce(per_hour, 0) * extract(epoch from greatest(instant - occurred_at, '0')) / 3600
$$;

-- The line that a row of figures is of: none where lines are not apart, `(other)` where it has no
-- row of its own.
create function copq.row_line(is_apart boolean, has_own boolean, line text) returns text
language sql immutable parallel safe as $$
    select case when is_apart then case when has_own then line else '(other)' end end
$$;

-- Partitions by month of occurred_at. They are made ahead by the services as they start and
-- once a day; what lies outside them goes to the default partition, and is never lost.
create table copq.event_other partition of copq.event default;
create table copq.ledger_other partition of copq.ledger default;

select copq.append_only('copq.ledger');
select copq.append_only('copq.event_problem');
select copq.append_only('copq.rate_revision');
select copq.append_only('copq.rate_item');
select copq.never_truncated(kept)
from unnest('{copq.ledger_other, copq.event, copq.event_other, copq.event_key}'::regclass[]) as kept;

-- The attributes that each plant declares, as in its newest version: {"north": ["cavity"]}.
create function copq.declared_attributes() returns jsonb
language sql stable parallel safe as $$
    select coalesce(jsonb_object_agg(key, names), '{}')
    from (
        select distinct on (key) key, content -> 'attributes' as names
        from copq.rate_item
        where kind = 'plant'
        order by key, revision desc
    ) as plant
    where jsonb_typeof(names) = 'array' and names <> '[]'
$$;

-- A name in its one spelling: as `canonical` of copq.schemas.names.
create function copq.canonical_name(name text) returns text
language sql immutable strict parallel safe
return btrim(regexp_replace(
    normalize(name, nfc), '[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]', ' ', 'g'), ' ');

-- The attributes in the bytes of an event, each by its name and with the beginning of its text.
create function copq.attributes_in(payload text) returns table (name text, value text)
language sql stable parallel safe as $$
    select copq.canonical_name(key), left(copq.canonical_name(said.value), 64)
    from json_each_text(case
        when json_typeof(payload::json -> 'attributes') = 'object' then payload::json -> 'attributes'
        else '{}' end) as said
$$;

-- What stays of the attributes of an event whose bytes go; null where nothing does.
create function copq.attributes_kept(payload text, of_plant text) returns jsonb
language sql stable parallel safe as $$
    select jsonb_object_agg(name, value)
    from copq.attributes_in(payload)
    where copq.declared_attributes() -> of_plant ? name
$$;

-- An event stays as received. Its bytes alone may go, by whom retention says so to Postgres.
create function copq.keep_event() returns trigger
language plpgsql as $$
begin
    if tg_op = 'UPDATE' and current_setting('copq.dropping', true) = 'payloads'
        and new.payload is null and old.payload is not null
        and new.payload_sha256 = sha256(convert_to(old.payload, 'UTF8'))
        and new.attributes is not distinct from copq.attributes_kept(old.payload, old.plant)
        and to_jsonb(new) - array['payload', 'dropped_by', 'payload_sha256', 'attributes']
            = to_jsonb(old) - array['payload', 'dropped_by', 'payload_sha256', 'attributes'] then
        return new;
    end if;
    raise exception 'copq.event is append-only: % is refused', lower(tg_op)
        using errcode = 'restrict_violation',
            hint = 'Correct an event by a correction that names it.';
end $$;
create trigger append_only before update or delete on copq.event
    for each row execute function copq.keep_event();

-- An id is kept for ever, once its event is there: what is only claimed may still change.
create trigger append_only before update or delete on copq.event_key
    for each row when (old.occurred_at <> 'infinity') execute function copq.refuse_change();

-- Lock events and ledger for new partitions. It never waits for the ledger while it holds the
-- events: who reads both, the ledger first, would wait for it, too.
create function copq.lock_partitioned() returns void
language plpgsql as $$
declare
    has_events bool := false;
begin
    for try in 1..50 loop
        begin
            lock table copq.event in access exclusive mode;
            has_events := true;
            lock table copq.ledger in access exclusive mode nowait;
            return;
        exception when lock_not_available then
            if try = 50 or not has_events then
                raise;
            end if;
        end;
        perform pg_sleep(0.1);
    end loop;
end $$;

-- It gives up soon where somebody reads all tables, a backup: who posts would wait behind it.
create function copq.make_partitions(first date, last date) returns int
language plpgsql set lock_timeout = '2s' as $$
declare
    month date := date_trunc('month', first);
    made int := 0;
    is_locked bool := false;
    parent text;
    name text;
begin
    perform pg_advisory_xact_lock(hashtext('copq.make_partitions'));
    while month <= last loop
        foreach parent in array array['event', 'ledger'] loop
            name := parent || to_char(month, '_YYYY_MM');
            if to_regclass('copq.' || name) is null then
                if not is_locked then
                    perform copq.lock_partitioned();
                    is_locked := true;
                end if;
                begin
                    execute format(
                        'create table copq.%I partition of copq.%I for values from (%L) to (%L)',
                        name, parent, month::timestamp at time zone 'UTC',
                        (month + interval '1 month')::timestamp at time zone 'UTC');
                    perform copq.never_truncated(format('copq.%I', name)::regclass);
                    made := made + 1;
                exception when check_violation then
                    null; -- the default partition already holds some of it: leave it there
                end;
            end if;
        end loop;
        month := month + interval '1 month';
    end loop;
    return made;
end $$;
