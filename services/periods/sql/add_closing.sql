insert into copq.closing (plant, month, closing, closed_at, entries, digest)
select $1, $2, $3, $4, coalesce(sum(entries), 0), copq.closing_digest($1, $2, $3)
from copq.closing_figure
where plant = $1 and month = $2 and closing = $3
