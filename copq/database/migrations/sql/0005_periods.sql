-- Periods: the months of a plant that finance has closed. A month without a row is open.
-- `booked_in` is, for a month that is not open, the one in which its late events are booked:
-- that after the last month of the plant that was ever closed.
create table copq.period (
    plant text not null,
    month date not null check (month = date_trunc('month', month::timestamp)),
    state text not null check (state in ('open', 'closed', 'locked')),
    first_closed_at timestamptz not null,
    closings int not null check (closings > 0),
    booked_in date,
    primary key (plant, month),
    check ((state = 'open') = (booked_in is null)),
    check (booked_in > month)
);

-- What was done with a month, and who ordered it. `unfinished` counts what a closing left out.
create table copq.period_step (
    plant text not null,
    month date not null,
    step int not null,
    what text not null check (what in ('closed', 'reopened', 'locked')),
    closing int not null,
    done_at timestamptz not null,
    done_by text not null,
    why text not null,
    unfinished jsonb not null default '{}',
    primary key (plant, month, step),
    foreign key (plant, month) references copq.period
);

-- What was signed off with each closing: figures of all that is booked in the month, by the
-- month in which it happened, each with a digest of its entries; and a digest of all of it.
create table copq.closing (
    plant text not null,
    month date not null,
    closing int not null,
    closed_at timestamptz not null,
    entries bigint not null,
    digest text not null,
    primary key (plant, month, closing),
    foreign key (plant, month) references copq.period
);

create table copq.closing_figure (
    plant text not null,
    month date not null,
    closing int not null,
    of_month date not null,
    line text collate "C" not null,
    product text collate "C" not null,
    element text collate "C" not null,
    category text collate "C" not null,
    currency text collate "C" not null,
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
    digest text not null,
    primary key (plant, month, closing, of_month, line, product, element, category, currency)
);

-- The validated savings that a closing signs: every validation of the plant until then that no
-- earlier closing has signed, as it was.
create table copq.closing_saving (
    plant text not null,
    month date not null,
    closing int not null,
    validation bigint not null,
    project text collate "C" not null,
    of_month date not null,
    type text not null,
    decision text not null,
    amount numeric not null,
    in_budget numeric not null,
    currency text not null,
    note text not null,
    decided_at timestamptz not null,
    decided_by text not null,
    primary key (plant, month, closing, validation),
    unique (validation)
);

-- What was booked for another month: found by the month that it is booked in.
create index ledger_late on copq.ledger (plant, period)
    where period <> date_trunc('month', day::timestamp)::date;

-- A month goes from open to closed, and from there back or on to locked, where it stays.
create function copq.guard_period() returns trigger
language plpgsql as $$
begin
    if tg_op <> 'UPDATE' then
        raise exception 'a period is never removed';
    elsif (new.plant, new.month, new.first_closed_at)
            is distinct from (old.plant, old.month, old.first_closed_at) then
        raise exception 'of a period only the state changes';
    elsif (old.state, new.state)
            not in (('open', 'closed'), ('closed', 'open'), ('closed', 'locked'))
            and old.state <> new.state then
        raise exception '% of % is %: it cannot become %',
            to_char(old.month, 'YYYY-MM'), old.plant, old.state, new.state;
    end if;
    return new;
end $$;
create trigger guard_period before update or delete on copq.period
    for each row execute function copq.guard_period();

select copq.append_only('copq.period_step');
select copq.append_only('copq.closing');
select copq.append_only('copq.closing_figure');
select copq.append_only('copq.closing_saving');
select copq.audit_table('copq.period');
select copq.audit_table('copq.period_step');
select copq.audit_table('copq.closing');

-- What was booked in a month up to an instant. What is booked in its own month lies within two
-- days of it, whatever the plant's calendar.
create function copq.booked_in(of_plant text, in_month date, until timestamptz)
returns setof copq.ledger language sql stable as $$
    select * from copq.ledger as l
    where l.plant = of_plant and l.period = in_month and l.booked_at <= until
        and l.occurred_at >= in_month - interval '2 days'
        and l.occurred_at < in_month + interval '1 month 2 days'
        and date_trunc('month', l.day::timestamp)::date = in_month
    union all
    select * from copq.ledger as l
    where l.plant = of_plant and l.period = in_month and l.booked_at <= until
        and l.period <> date_trunc('month', l.day::timestamp)::date
$$;

-- The figures of what was booked in a month up to an instant, as a closing keeps them. An
-- entry's digest is SHA-256 of it as a JSON array; a figure's is that of its entries' digests,
-- in the order of event_id, entry_no, occurred_at.
create function copq.period_figures(of_plant text, in_month date, until timestamptz)
returns table (
    of_month date, line text, product text, element text, category text, currency text,
    entries bigint, quantity numeric, gross numeric, recovered numeric, allowed numeric,
    net numeric, seconds numeric, base numeric, good numeric, ungraded numeric, digest text)
language sql stable set timezone = 'UTC' as $$
    select
        date_trunc('month', day::timestamp)::date, line, coalesce(product, ''), element, category,
        currency, count(*), sum(quantity), sum(gross), sum(recovered), sum(allowed), sum(net),
        sum(seconds), sum(base), sum(good), sum(ungraded),
        encode(sha256(string_agg(
            sha256(convert_to(json_build_array(
                event_id, entry_no, occurred_at, booked_at, reverses, reason, booked_by,
                corrected_by, plant, line, product, stage, work_unit, defect_code, shift,
                supplier, element, category, quantity, gross, recovered, allowed, net, seconds,
                base, good, ungraded, currency, rate_version, labour_version, line_version, hour, day,
                period, exchange_rate, reporting_currency, exchange_version)::text, 'UTF8')),
            ''::bytea order by event_id, entry_no, occurred_at)), 'hex')
    from copq.booked_in(of_plant, in_month, until)
    group by 1, 2, 3, 4, 5, 6
$$;

-- The digest of what a closing keeps: who closed the month and why, then its figures, then the savings
-- that it signed.
create function copq.closing_digest(of_plant text, in_month date, of_closing int)
returns text language sql stable set timezone = 'UTC' as $$
    select encode(sha256(convert_to(
        (
            select json_build_array(
                s.plant, s.month, s.closing, s.done_at, s.done_by, s.why, s.unfinished)::text
            from copq.period_step as s
            where s.plant = of_plant and s.month = in_month and s.closing = of_closing
                and s.what = 'closed'
        ) || coalesce((
            select string_agg(json_build_array(
                f.of_month, f.line, f.product, f.element, f.category, f.currency, f.entries,
                f.quantity, f.gross, f.recovered, f.allowed, f.net, f.seconds, f.base, f.good, f.ungraded,
                f.digest)::text, '' order by
                f.of_month, f.line, f.product, f.element, f.category, f.currency)
            from copq.closing_figure as f
            where f.plant = of_plant and f.month = in_month and f.closing = of_closing
        ), '') || coalesce((
            select string_agg(json_build_array(
                v.validation, v.project, v.of_month, v.type, v.decision, v.amount, v.in_budget,
                v.currency, v.note, v.decided_at, v.decided_by)::text, '' order by v.validation)
            from copq.closing_saving as v
            where v.plant = of_plant and v.month = in_month and v.closing = of_closing
        ), ''), 'UTF8')), 'hex')
$$;

-- Each month as it was first reported; one that was never closed as it is now (`is_open`).
create view copq.first_reported with (security_invoker = true) as
select
    plant, month, line, product, element, category, currency, quantity, gross, recovered,
    allowed, net, seconds, base, good, ungraded, false as is_open
from copq.closing_figure
where closing = 1 and of_month = month
union all
select
    plant, day, line, product, element, category, currency, quantity, gross, recovered,
    allowed, net, seconds, base, good, ungraded, true
from copq.rollup as r
where grain = 'month'
    and not exists (select from copq.closing as c where c.plant = r.plant and c.month = r.day);
