select pg_advisory_xact_lock(hashtextextended('copq.anchor', 0))
