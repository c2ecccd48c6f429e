-- name: add_target
-- Add a target.
insert into copq.target (plant, line, product, period, effective_from, ratio, set_by, source)
values (:plant, :line, :product, :window, :effective_from, :ratio, :set_by, :source)

-- name: add_budget
-- Add a budget.
insert into copq.budget (plant, line, category, effective_from, amount, set_by, source)
values (:plant, :line, :category, :effective_from, :amount, :set_by, :source)

-- name: all_targets
-- All targets in the order in which they were set.
select plant, line, product, period as window, effective_from, ratio
from copq.target
order by target_id

-- name: all_budgets
-- All budgets in the order in which they were set.
select plant, line, category, effective_from, amount from copq.budget order by budget_id

-- name: told_targets
-- All targets in the order in which they were set, with who set them.
select plant, line, product, period as window, effective_from, ratio, set_at, set_by, source
from copq.target
order by target_id

-- name: told_budgets
-- All budgets in the order in which they were set, with who set them.
select plant, line, category, effective_from, amount, set_at, set_by, source
from copq.budget
order by budget_id
