-- Improvement projects: what was promised, what was measured, what finance signed. Decisions are
-- rows of their own and none is ever changed; what is measured follows from the ledger.

create table copq.project (
    project bigint generated always as identity primary key,
    plant text not null,
    name text not null check (name <> ''),
    proposed_at timestamptz not null default clock_timestamp(),
    proposed_by text not null,
    unique (plant, name)
);

-- Who answers for a project; the newest row counts. A person who was owner once never validates it.
create table copq.project_owner (
    number bigint generated always as identity primary key,
    project bigint not null references copq.project,
    owner text not null check (owner <> ''),
    sponsor text not null check (sponsor <> ''),
    set_at timestamptz not null default clock_timestamp(),
    set_by text not null,
    why text
);
create index project_owner_of on copq.project_owner (project, number desc);

-- What a project is about, as its file says: scope, baseline, start, exposure, test, and the promise
-- by benefit lines. The newest row counts; none is added once the project is frozen.
create table copq.project_plan (
    number bigint generated always as identity primary key,
    project bigint not null references copq.project,
    content jsonb not null,
    set_at timestamptz not null default clock_timestamp(),
    set_by text not null,
    source text not null,
    why text
);
create index project_plan_of on copq.project_plan (project, number desc);

-- The steps of its life: see copq/improvement/projects/states.py. The state is that of the last one.
create table copq.project_step (
    project bigint not null references copq.project,
    step int not null check (step > 0),
    what text not null,
    state text not null,
    taken_at timestamptz not null default clock_timestamp(),
    taken_by text not null,
    why text,
    primary key (project, step)
);

-- What approval froze: the plan, the rates (those of `revision` in force at `rates_at`, at all
-- times), the ledger's entries booked until `booked_until`, and the baseline's figures. `evidence` is
-- JSON with sorted keys; `promise` is a copy of the plan's for every month of it.
create table copq.project_freeze (
    project bigint primary key references copq.project,
    plan bigint not null references copq.project_plan,
    revision bigint not null,
    rates_at timestamptz not null,
    booked_until timestamptz not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    evidence text not null,
    sha256 bytea not null check (sha256 = sha256(convert_to(evidence, 'UTF8'))),
    frozen_at timestamptz not null default clock_timestamp(),
    frozen_by text not null
);

create table copq.project_promise (
    project bigint not null references copq.project_freeze,
    month date not null check (extract(day from month) = 1),
    type text not null check (type in ('hard', 'avoidance', 'working_capital', 'soft')),
    amount numeric not null,
    primary key (project, month, type)
);

-- Money put in: once in a month, or each month from the first to the last. A later row of a name
-- restates it; an empty amount takes it away.
create table copq.project_investment (
    number bigint generated always as identity primary key,
    project bigint not null references copq.project,
    name text not null check (name <> ''),
    kind text not null check (kind in ('once', 'running')),
    first_month date not null check (extract(day from first_month) = 1),
    last_month date check (extract(day from last_month) = 1 and last_month >= first_month),
    amount numeric check (amount > 0),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    set_at timestamptz not null default clock_timestamp(),
    set_by text not null,
    why text,
    check (kind = 'running' or last_month is null)
);
create index project_investment_of on copq.project_investment (project, name, number desc);

-- What the owner now expects of a month; the promise stays. The newest row counts.
create table copq.project_forecast (
    number bigint generated always as identity primary key,
    project bigint not null references copq.project,
    month date not null check (extract(day from month) = 1),
    type text not null check (type in ('hard', 'avoidance', 'working_capital', 'soft')),
    amount numeric not null,
    set_at timestamptz not null default clock_timestamp(),
    set_by text not null,
    why text
);
create index project_forecast_of on copq.project_forecast (project, month, type, number desc);

-- What happened in a month without being work of the project, positive where it raised the losses. It
-- counts once finance has accepted it.
create table copq.project_non_routine (
    number bigint generated always as identity primary key,
    project bigint not null references copq.project,
    month date not null check (extract(day from month) = 1),
    amount numeric not null check (amount <> 0),
    reason text not null check (reason <> ''),
    evidence text not null check (evidence <> ''),
    set_at timestamptz not null default clock_timestamp(),
    set_by text not null
);

-- A product on a line that the baseline did not make, and the product of the baseline whose loss per
-- unit stands for it. It counts once finance has accepted it.
create table copq.project_substitute (
    number bigint generated always as identity primary key,
    project bigint not null references copq.project,
    line text not null,
    product text not null,
    like_line text not null,
    like_product text not null,
    reason text not null check (reason <> ''),
    set_at timestamptz not null default clock_timestamp(),
    set_by text not null
);

create table copq.project_decision (
    kind text not null check (kind in ('non_routine', 'substitute')),
    number bigint not null,
    project bigint not null references copq.project,
    decision text not null check (decision in ('accepted', 'rejected')),
    decided_at timestamptz not null default clock_timestamp(),
    decided_by text not null,
    note text not null check (note <> ''),
    primary key (kind, number)
);

-- How projects of one plant divide the saving of the cells that all of these, and no others, share:
-- {"project": share}, from a month on. Equal where finance has set none; the newest row counts.
create table copq.project_share (
    number bigint generated always as identity primary key,
    plant text not null,
    from_month date not null check (extract(day from from_month) = 1),
    shares jsonb not null,
    set_at timestamptz not null default clock_timestamp(),
    set_by text not null,
    why text not null check (why <> '')
);

-- What a project's scope lost on a production day, by its cells: booked, and at the frozen rates. It
-- is derived: `entries` is the number of ledger entries of the scope and of its exposure that the day
-- had, and since the ledger only grows, a day whose number is the same has not changed. Neither has
-- one on which the whole plant has `plant_entries` still. `left_as_booked` events have no cost at
-- the frozen rates that is known, and `sharing` are the other approved projects whose scopes can
-- hold the same losses. Losses in `other_currencies` are in no cell.
create table copq.project_day (
    project bigint not null references copq.project,
    day date not null,
    entries bigint not null,
    plant_entries bigint not null,
    left_as_booked int not null,
    other_currencies text[] not null,
    sharing bigint[] not null,
    computed_at timestamptz not null,
    primary key (project, day)
);

-- `others` are the other projects whose scopes hold the losses of the cell; exposure is in the cell
-- without others.
create table copq.project_cell (
    project bigint not null,
    day date not null,
    line text not null,
    product text not null,
    others bigint[] not null default '{}',
    booked numeric not null,
    at_frozen_rates numeric not null,
    exposure numeric not null,
    primary key (project, day, line, product, others),
    foreign key (project, day) references copq.project_day on delete cascade
);

-- What the entries of an event cost at the frozen rates of a project: kept before a retention drops the
-- bytes of the event. `recovered` is what a reject is worth in the dispatch of its day.
create table copq.project_entry (
    project bigint not null references copq.project,
    occurred_at timestamptz not null,
    event_id text collate "C" not null,
    element text not null,
    net numeric not null,
    recovered numeric not null,
    seconds numeric not null,
    primary key (project, occurred_at, event_id, element)
);

-- The bridge of a month as it was computed; a new version only where a figure differs. The version
-- that was newest when the month was first closed is what was first reported. A month that had a
-- bridge and can no longer be compared has a version without figures that gives the `reason`.
create table copq.project_month (
    project bigint not null references copq.project,
    month date not null check (extract(day from month) = 1),
    version int not null check (version > 0),
    computed_at timestamptz not null default clock_timestamp(),
    days int not null default 0,
    baseline numeric,
    actual numeric,
    volume numeric,
    mix numeric,
    rates numeric,
    non_routine numeric,
    without_baseline numeric,
    performance numeric,
    gross numeric,
    net numeric,
    low numeric,
    high numeric,
    is_demonstrated boolean,
    left_as_booked int not null default 0,
    reason text check (reason <> ''),
    primary key (project, month, version),
    check (num_nonnulls(
        baseline, actual, volume, mix, rates, non_routine, without_baseline, performance, gross, net
        ) = case when reason is null then 10 else 0 end),
    check (actual - baseline
        = volume + mix + rates + non_routine + without_baseline + performance),
    check (gross = -performance)
);
create index project_month_without on copq.project_month (project, month) where reason is not null;

-- What a month's bridge was last computed from: where it is the same, nothing is computed again.
create table copq.project_month_inputs (
    project bigint not null references copq.project,
    month date not null,
    inputs text not null,
    primary key (project, month)
);

-- What the tests of a project's days say: whether the saving is proven (null: not enough data), and
-- whether it lasts. A new row only where something differs; the newest counts. `until` is the last
-- production day that was tested; `figures` are those of the tests.
create table copq.project_verdict (
    number bigint generated always as identity primary key,
    project bigint not null references copq.project,
    computed_at timestamptz not null default clock_timestamp(),
    until date not null,
    is_proven boolean,
    status text not null check (status in ('holding', 'eroding', 'lost', 'not enough data')),
    is_provisional boolean not null,
    figures jsonb not null default '{}'
);
create index project_verdict_of on copq.project_verdict (project, number desc);

-- What the tests of a project's days say next to the verdict, with the days themselves; null before
-- there is a day. `days` and `decided` are what it was computed from on the production day `day`: where
-- they are the same, nothing is tested again. Only the newest is kept.
create table copq.project_evidence (
    project bigint primary key references copq.project,
    day date not null,
    days text not null,
    decided text not null,
    computed_at timestamptz not null,
    statistics jsonb
);

-- What the owner claims of a month, by type, and the version of the bridge that the claim rests on.
create table copq.project_claim (
    number bigint generated always as identity primary key,
    project bigint not null,
    month date not null,
    version int not null,
    type text not null check (type in ('hard', 'avoidance', 'working_capital', 'soft')),
    amount numeric not null,
    note text,
    claimed_at timestamptz not null default clock_timestamp(),
    claimed_by text not null,
    foreign key (project, month, version) references copq.project_month
);
create index project_claim_of on copq.project_claim (project, month, type, number desc);

-- What finance makes of a claim; the newest row of a month and type counts. `in_budget` is the part that
-- finance has taken out of the budget. `closing` is the closing of the month that it rests on.
create table copq.project_validation (
    number bigint generated always as identity primary key,
    claim bigint not null references copq.project_claim,
    project bigint not null references copq.project,
    plant text not null,
    month date not null,
    type text not null,
    decision text not null check (decision in ('accepted', 'reduced', 'rejected')),
    amount numeric not null,
    in_budget numeric not null default 0,
    closing int not null,
    note text not null,
    decided_at timestamptz not null default clock_timestamp(),
    decided_by text not null,
    check (decision <> 'rejected' or amount = 0),
    check (decision = 'accepted' or note <> ''),
    check (abs(in_budget) <= abs(amount))
);
create index project_validation_of on copq.project_validation (project, month, type, number desc);

create function copq.owned(of_project bigint, by_person text) returns boolean
language sql stable
return exists (
    select from copq.project_owner where project = of_project and owner = by_person);

create function copq.refuse_owner(of_project bigint, by_person text, does text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if copq.owned(of_project, by_person) then
        raise exception '"%" owns project %, or once did: another person of finance %',
            by_person, of_project, does using errcode = 'restrict_violation';
    end if;
end $$;

-- The steps that finance takes, and those that say why: see states.py.
create function copq.is_of_finance(what text) returns boolean
language sql immutable
return what in ('approve', 'sign', 'sustain', 'lapse', 'reopen');

create function copq.needs_reason(what text) returns boolean
language sql immutable
return what in ('lapse', 'cancel', 'reopen');

-- The guards see every row, whatever the lines of the role that writes.

-- A plan is written until approval freezes it.
create function copq.guard_project_plan() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select from copq.project_freeze where project = new.project) then
        raise exception 'project % is approved: its plan is frozen', new.project
            using errcode = 'restrict_violation',
                hint = 'Say what you expect now as a forecast, or propose another project.';
    end if;
    return new;
end $$;
create trigger guard_project_plan before insert on copq.project_plan
    for each row execute function copq.guard_project_plan();

-- The promise is written by the transaction that freezes it, and by no other.
create function copq.guard_project_promise() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (
        select from copq.project_freeze
        where project = new.project and xmin = pg_current_xact_id()::xid) then
        raise exception 'project % is approved: its promise is frozen', new.project
            using errcode = 'restrict_violation',
                hint = 'Say what you expect now as a forecast.';
    end if;
    return new;
end $$;
create trigger guard_project_promise before insert on copq.project_promise
    for each row execute function copq.guard_project_promise();

-- Who takes finance's decisions about a project never owns it, before or after.
create function copq.guard_project_owner() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select from copq.project_validation
                where project = new.project and decided_by = new.owner)
            or exists (select from copq.project_decision
                where project = new.project and decided_by = new.owner)
            or exists (select from copq.project_step
                where project = new.project and taken_by = new.owner
                    and copq.is_of_finance(what))
            or exists (select from copq.project_share
                where shares ? new.project::text and set_by = new.owner) then
        raise exception '"%" has decided about project % for finance: another person owns it',
            new.owner, new.project using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger guard_project_owner before insert on copq.project_owner
    for each row execute function copq.guard_project_owner();

-- Once a project is approved, its owner puts more into it, and nobody but finance takes anything away: less
-- money put in is more saved.
create function copq.guard_project_investment() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    was copq.project_investment;
begin
    if not exists (select from copq.project_freeze where project = new.project) then
        return new;
    end if;
    select * into was from copq.project_investment
    where project = new.project and name = new.name order by number desc limit 1;
    if was.amount is not null and (new.amount is null or new.amount < was.amount
            or (new.kind, new.first_month, new.last_month)
                is distinct from (was.kind, was.first_month, was.last_month)) then
        perform copq.refuse_owner(
            new.project, new.set_by, 'lowers or moves what was put into it, once it is approved');
    end if;
    return new;
end $$;
create trigger guard_project_investment before insert on copq.project_investment
    for each row execute function copq.guard_project_investment();

-- Approval freezes the newest plan of a project that is sized, and only a person who does not own it
-- approves.
create function copq.guard_project_freeze() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    is_now text := (
        select state from copq.project_step
        where project = new.project order by step desc limit 1);
    newest bigint := (select max(number) from copq.project_plan where project = new.project);
begin
    if is_now is distinct from 'sized' then
        raise exception 'project % is %: only a sized one is approved', new.project, is_now
            using errcode = 'restrict_violation';
    elsif new.plan is distinct from newest then
        raise exception 'plan % is not the newest of project %', new.plan, new.project
            using errcode = 'restrict_violation';
    end if;
    perform copq.refuse_owner(new.project, new.frozen_by, 'approves it');
    return new;
end $$;
create trigger guard_project_freeze before insert on copq.project_freeze
    for each row execute function copq.guard_project_freeze();

-- A step leads from the state of the last one to the next, as states.py says; it is approved with
-- its freeze; and the owner of a project takes none of finance's steps.
create function copq.guard_project_step() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    last copq.project_step;
begin
    select * into last from copq.project_step
    where project = new.project order by step desc limit 1;
    if new.step <> coalesce(last.step, 0) + 1 or not exists (
        select from (values
            (null, 'propose', 'proposed'), ('proposed', 'size', 'sized'),
            ('sized', 'size', 'sized'), ('sized', 'approve', 'approved'),
            ('approved', 'start', 'running'), ('running', 'realise', 'realised'),
            ('realised', 'sign', 'signed'), ('signed', 'sustain', 'sustained'),
            ('realised', 'lapse', 'lapsed'), ('signed', 'lapse', 'lapsed'),
            ('sustained', 'lapse', 'lapsed'), ('proposed', 'cancel', 'cancelled'),
            ('sized', 'cancel', 'cancelled'), ('approved', 'cancel', 'cancelled'),
            ('running', 'cancel', 'cancelled'), ('realised', 'reopen', 'running'),
            ('signed', 'reopen', 'running'), ('sustained', 'reopen', 'running'),
            ('lapsed', 'reopen', 'running')) as possible (source, what, target)
        where (source, what, target) is not distinct from (last.state, new.what, new.state)) then
        raise exception 'project % is %: step % to "%" by "%" does not lead on from there',
            new.project, last.state, new.step, new.state, new.what
            using errcode = 'restrict_violation';
    elsif new.what = 'approve' and not exists (
        select from copq.project_freeze where project = new.project) then
        raise exception 'project % is approved with what it freezes, and there is nothing frozen',
            new.project using errcode = 'restrict_violation';
    elsif copq.needs_reason(new.what) and coalesce(trim(new.why), '') = '' then
        raise exception 'step % of project % says why', new.what, new.project
            using errcode = 'restrict_violation';
    elsif copq.is_of_finance(new.what) then
        perform copq.refuse_owner(new.project, new.taken_by, format('may %s it', new.what));
    end if;
    return new;
end $$;
create trigger guard_project_step before insert on copq.project_step
    for each row execute function copq.guard_project_step();

-- The owner of a project claims its savings.
create function copq.guard_project_claim() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    owned_by text := (
        select owner from copq.project_owner
        where project = new.project order by number desc limit 1);
begin
    if new.claimed_by is distinct from owned_by then
        raise exception '"%" does not own project %: its owner "%" claims its savings',
            new.claimed_by, new.project, owned_by using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger guard_project_claim before insert on copq.project_claim
    for each row execute function copq.guard_project_claim();

-- Shares divide the whole of a saving among projects of one plant.
create function copq.guard_project_share() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    whole numeric := (select sum(value::numeric) from jsonb_each_text(new.shares));
begin
    if whole is distinct from 1 then
        raise exception 'shares add up to %: they must add up to 1', coalesce(whole, 0)
            using errcode = 'check_violation';
    elsif exists (
        select from jsonb_each_text(new.shares) as part
        where part.value::numeric < 0 or not exists (
            select from copq.project
            where project = part.key::bigint and plant = new.plant)) then
        raise exception 'a share is negative, or of a project that is not in %', new.plant
            using errcode = 'check_violation';
    end if;
    perform copq.refuse_owner(name::bigint, new.set_by, 'sets shares')
    from jsonb_object_keys(new.shares) as name;
    return new;
end $$;
create trigger guard_project_share before insert on copq.project_share
    for each row execute function copq.guard_project_share();

-- Nobody decides about what they own, or what they said themselves.
create function copq.guard_project_decision() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    said_by text := case new.kind
        when 'non_routine' then (
            select set_by from copq.project_non_routine
            where number = new.number and project = new.project)
        else (
            select set_by from copq.project_substitute
            where number = new.number and project = new.project) end;
begin
    if said_by is null then
        raise exception 'project % has no % %', new.project, new.kind, new.number
            using errcode = 'foreign_key_violation';
    elsif new.decided_by = said_by then
        raise exception '"%" cannot decide about % % of project %: another person does',
            new.decided_by, new.kind, new.number, new.project
            using errcode = 'restrict_violation';
    end if;
    perform copq.refuse_owner(new.project, new.decided_by, 'decides');
    return new;
end $$;
create trigger guard_project_decision before insert on copq.project_decision
    for each row execute function copq.guard_project_decision();

create function copq.guard_project_validation() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    claim copq.project_claim := (select c from copq.project_claim as c where number = new.claim);
    of_plant text := (select plant from copq.project where project = claim.project);
begin
    -- A month is not being closed meanwhile: each closing signs what was decided before it.
    perform pg_advisory_xact_lock_shared(hashtextextended('copq.booking', 0));
    new.decided_at := clock_timestamp();
    if (new.project, new.plant, new.month, new.type)
            is distinct from (claim.project, of_plant, claim.month, claim.type) then
        raise exception 'the validation is of another month than claim %', new.claim
            using errcode = 'foreign_key_violation';
    elsif new.decided_by = claim.claimed_by then
        raise exception '"%" claims it: another person of finance validates it', new.decided_by
            using errcode = 'restrict_violation';
    elsif not exists (
        select from copq.period
        where plant = new.plant and month = new.month and state <> 'open'
            and closings = new.closing) then
        raise exception '% of % is open: close it before its savings are validated',
            to_char(new.month, 'YYYY-MM'), new.plant using errcode = 'restrict_violation';
    elsif (new.decision = 'accepted' and new.amount <> claim.amount)
            or (new.decision = 'reduced' and (
                new.amount = claim.amount
                or new.amount not between least(claim.amount, 0) and greatest(claim.amount, 0))) then
        raise exception 'a claim of % is not % at %', claim.amount, new.decision, new.amount
            using errcode = 'check_violation';
    end if;
    perform copq.refuse_owner(new.project, new.decided_by, 'validates it');
    return new;
end $$;
create trigger guard_project_validation before insert on copq.project_validation
    for each row execute function copq.guard_project_validation();

do $$
declare
    guarded text;
begin
    foreach guarded in array array[
        'plan', 'promise', 'owner', 'freeze', 'step', 'claim', 'share', 'decision', 'validation'] loop
        execute format('revoke all on function copq.guard_project_%s() from public', guarded);
    end loop;
end $$;

do $$
declare
    kept text;
begin
    foreach kept in array array[
        'project', 'project_owner', 'project_plan', 'project_step', 'project_freeze',
        'project_promise', 'project_investment', 'project_forecast', 'project_non_routine',
        'project_substitute', 'project_decision', 'project_share', 'project_month',
        'project_verdict', 'project_claim', 'project_validation', 'project_entry'] loop
        perform copq.append_only(('copq.' || kept)::regclass);
        -- Bridges and verdicts are derived, each version from the ledger; the rest are decisions.
        if kept not in ('project_month', 'project_verdict', 'project_entry') then
            perform copq.audit_table(('copq.' || kept)::regclass);
        end if;
    end loop;
end $$;
