insert into copq.anchor_day (anchor, kind, plant, day, rows, digest)
values ($1, $2, $3, $4, $5, $6)
