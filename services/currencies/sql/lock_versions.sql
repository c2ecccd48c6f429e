-- One import after the other.
select pg_advisory_xact_lock(hashtextextended('copq.exchange_version', 0))
