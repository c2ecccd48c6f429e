-- The stops of stops_between.sql, of each of the plants $1 and lines $2 from $3 to $4.
select asked.plant, asked.line, piece.*
from unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[])
    as asked (plant, line, since, until)
cross join lateral ({stops_between}) as piece
