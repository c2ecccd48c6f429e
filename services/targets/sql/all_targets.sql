select plant, line, product, period, effective_from, ratio from copq.target order by target_id
