select plant, line, effective_from, amount from copq.budget order by budget_id
