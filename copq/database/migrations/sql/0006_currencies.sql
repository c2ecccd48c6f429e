-- The currency in which figures of several plants are added, once finance has said which. A rate
-- counts for the days that follow it, up to `rate_days`, until the next one.
create table copq.reporting_currency (
    only_one boolean primary key default true check (only_one),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    rate_days int not null check (rate_days between 0 and 366),
    set_at timestamptz not null default now(),
    set_by text not null
);

-- Files of exchange rates. A correction is a later version, which says why.
create table copq.exchange_version (
    version bigint generated always as identity primary key,
    imported_at timestamptz not null default clock_timestamp(),
    imported_by text not null,
    source text not null,
    why text
);

-- Decimal places of a currency by ISO 4217, two where the code is unknown: as copq/ledger/money.py.
create function copq.digits(of_currency text) returns int
language sql immutable parallel safe as $$
    select case
        when of_currency in (
            'ADP', 'BIF', 'BYR', 'CLP', 'DJF', 'ESP', 'GNF', 'ISK', 'ITL', 'JPY', 'KMF', 'KRW',
            'LUF', 'MGF', 'PYG', 'RWF', 'TRL', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF')
            then 0
        when of_currency in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3
        when of_currency in ('CLF', 'UYW') then 4
        else 2
    end
$$;

-- Money as Grafana shows it: a half is rounded away from zero.
create function copq.rounded(amount numeric, of_currency text) returns numeric
language sql immutable parallel safe as $$
    select round(amount, copq.digits(of_currency))
$$;

-- What one unit of `currency` is worth in the reporting currency, as published for `day`.
create table copq.exchange_rate (
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    day date not null,
    version bigint not null references copq.exchange_version,
    rate numeric not null check (rate > 0),
    primary key (currency, day, version)
);

-- The rate for a day: the newest version of the last one published up to it; null where none is
-- recent enough, or where no reporting currency is set.
create function copq.rate_of_day(of_currency text, on_day date) returns numeric
language sql stable parallel safe as $$
    select case when r.currency = of_currency then 1 else (
        select x.rate from copq.exchange_rate as x
        where x.currency = of_currency and x.day between on_day - r.rate_days and on_day
        order by x.day desc, x.version desc
        limit 1
    ) end
    from copq.reporting_currency as r
$$;

-- The version of the exchange rates which that rate is of; null where it is 1 by definition.
create function copq.rate_version_of_day(of_currency text, on_day date) returns bigint
language sql stable parallel safe as $$
    select x.version
    from copq.reporting_currency as r
    join copq.exchange_rate as x
        on x.currency = of_currency and x.day between on_day - r.rate_days and on_day
    where r.currency <> of_currency
    order by x.day desc, x.version desc
    limit 1
$$;

-- The origin of that rate: who imported it, or made the currency the reporting one.
create function copq.rate_given_by(of_currency text, on_day date) returns text
language sql stable parallel safe as $$
    select case when r.currency = of_currency then r.set_by else (
        select v.imported_by from copq.exchange_rate as x
        join copq.exchange_version as v using (version)
        where x.currency = of_currency and x.day between on_day - r.rate_days and on_day
        order by x.day desc, x.version desc
        limit 1
    ) end
    from copq.reporting_currency as r
$$;

-- The ledger and the rollups with all money in the reporting currency; `unconverted` are the
-- standing entries whose money is missing from it.
create view copq.reporting_ledger with (security_invoker = true) as
select
    l.occurred_at, l.booked_at, l.event_id, l.entry_no, l.reverses, l.plant, l.line, l.product,
    l.stage, l.work_unit, l.defect_code, l.shift, l.supplier, l.element, l.category, l.quantity,
    coalesce(l.gross * l.exchange_rate, 0) as gross,
    coalesce(l.recovered * l.exchange_rate, 0) as recovered,
    coalesce(l.allowed * l.exchange_rate, 0) as allowed,
    coalesce(l.net * l.exchange_rate, 0) as net,
    l.seconds, coalesce(l.base * l.exchange_rate, 0) as base, l.good, l.ungraded, r.currency, l.hour, l.day,
    l.period, l.exchange_rate
from copq.ledger as l
cross join copq.reporting_currency as r;

-- As reporting_ledger, for figures as first reported: what was booked without a rate is converted
-- at the one that has come for its day since.
create view copq.completed_ledger with (security_invoker = true) as
select
    l.occurred_at, l.booked_at, l.event_id, l.entry_no, l.reverses, l.plant, l.line, l.product,
    l.stage, l.work_unit, l.defect_code, l.shift, l.supplier, l.element, l.category, l.quantity,
    coalesce(l.gross * x.rate, 0) as gross, coalesce(l.recovered * x.rate, 0) as recovered,
    coalesce(l.allowed * x.rate, 0) as allowed, coalesce(l.net * x.rate, 0) as net, l.seconds,
    coalesce(l.base * x.rate, 0) as base, l.good, l.ungraded, r.currency, l.hour, l.day, l.period,
    x.rate as exchange_rate
from copq.ledger as l
cross join copq.reporting_currency as r
cross join lateral (
    select coalesce(l.exchange_rate, copq.rate_of_day(l.currency, l.day)) as rate
) as x;

create view copq.reporting_rollup with (security_invoker = true) as
select
    l.grain, l.plant, l.line, l.product, l.element, r.currency, l.day, l.hour, l.category,
    l.entries, l.quantity, l.reporting_gross as gross, l.reporting_recovered as recovered,
    l.reporting_gross - l.reporting_recovered - l.reporting_net as allowed,
    l.reporting_net as net, l.seconds, l.reporting_base as base, l.good, l.ungraded, l.unconverted
from copq.rollup as l
cross join copq.reporting_currency as r;

select copq.append_only('copq.exchange_version');
select copq.append_only('copq.exchange_rate');
select copq.audit_table('copq.reporting_currency');
select copq.audit_table('copq.exchange_version');
