select r.day, r.rate, version, v.imported_at, v.imported_by, v.source, v.why
from copq.exchange_rate as r
join copq.exchange_version as v using (version)
where r.currency = $1 and r.day >= $2 and r.day < $3
order by r.day desc, version desc
