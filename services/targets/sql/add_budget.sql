insert into copq.budget (plant, line, effective_from, amount, set_by, source)
values ($1, $2, $3, $4, $5, $6)
