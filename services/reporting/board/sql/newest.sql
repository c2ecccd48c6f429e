-- When lines of plant $1 (or line $5) had their last entry up to $2, in the production days from $3
-- to $4. The rollup knows the hour of it, so that of the ledger these hours alone are read, each once
-- for all lines. A row for each line that $6 names, and for the first $8 lines in silence: with no
-- entry after $7 and without an open stop. Each row says how many are in `silence`, and when the
-- newest entry of all lines was.
with last as (
    select line, max(hour) as hour from copq.rollup
    where grain = 'hour' and plant = $1 and day >= $3::date and day <= $4::date and hour <= $2
        and ($5::text is null or line = $5)
    group by line
), entry as (
    select last.line, max(found.occurred_at) as occurred_at
    from (select distinct hour from last) as h
    cross join lateral (
        select e.line, max(e.occurred_at) as occurred_at from copq.ledger as e
        where e.occurred_at >= h.hour and e.occurred_at < h.hour + interval '1 hour'
            and e.occurred_at <= $2 and e.plant = $1
        group by e.line
    ) as found
    join last on last.line = found.line and last.hour = h.hour
    group by last.line
), heard as (
    select
        line, occurred_at,
        occurred_at <= $7 and occurred_at > $9
            and not exists (select from unnest($10::text[]) as stopped where stopped = line) as is_silent
    from entry
), ranked as (
    select
        line, occurred_at, is_silent, max(occurred_at) over () as newest,
        count(*) filter (where is_silent) over () as silence,
        row_number() over (partition by is_silent order by occurred_at, line collate "C") as place,
        row_number() over (order by occurred_at desc, line collate "C") as newness
    from heard
)
select line, occurred_at, is_silent, newest, silence
from ranked
where $6::text[] is null or line = any($6) or (is_silent and place <= $8) or newness = 1
order by occurred_at, line collate "C"
