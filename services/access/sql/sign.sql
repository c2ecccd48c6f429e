-- Who acts and why, for this transaction alone: what keeps the audit trail reads it.
select set_config('copq.who', $1, true), set_config('copq.why', $2, true)
