-- Rows of a table under audit that the trail does not lead to, and rows that it leads to and that
-- are not there. $1 are the columns that the trail leaves out, $2 is the table as the trail names it.
-- The table's own name stands at {table}. Call it with timezone UTC, as the trail is written.
with there as (
    select to_jsonb(t) - $1::text[] as row, count(*) as n from {table} as t group by 1
), steps as (
    select new as row, 1 as n from copq.audit where subject = $2 and new is not null
    union all
    select old, -1 from copq.audit where subject = $2 and old is not null
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
