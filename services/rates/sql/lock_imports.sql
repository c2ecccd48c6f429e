-- One import after the other.
select pg_advisory_xact_lock(hashtext('copq.rate_item'))
