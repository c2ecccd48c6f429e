insert into copq.anchor_digest (anchor, until, days, digest) values ($1, $2, $3, $4)
