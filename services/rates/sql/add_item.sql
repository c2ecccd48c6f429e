insert into copq.rate_item (revision, kind, key, effective_from, content)
values ($1, $2, $3, $4, $5)
