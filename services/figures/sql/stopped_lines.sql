-- The lines of plant $1 (or line $2) with ended stops that touch the time from $3 to $4.
select distinct line
from copq.stop
where plant = $1 and ($2::text is null or line = $2) and not voided and ended_at is not null
    and tstzrange(started_at, ended_at, '[]') && tstzrange($3::timestamptz, $4::timestamptz, '[]')
