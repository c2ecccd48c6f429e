-- name: see
-- Set the lines whose rows are visible until the transaction ends; row level security reads it.
select set_config('copq.lines', :lines, true)
