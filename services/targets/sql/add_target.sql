insert into copq.target (plant, line, product, period, effective_from, ratio, set_by, source)
values ($1, $2, $3, $4, $5, $6, $7, $8)
