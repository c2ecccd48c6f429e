-- What events cost as of the book in force; one row an entry, one with nothing where there is no
-- price. Of this connection alone, empty after each transaction.
create temporary table if not exists repriced (
    event_id text collate "C" not null,
    occurred_at timestamptz not null,
    entry_no int not null,
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
    day date
) on commit delete rows
