-- name: see
-- Of which lines rows are seen until the transaction ends; row level security reads it.
select set_config('copq.lines', :lines, true)
