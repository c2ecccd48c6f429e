-- Until the transaction ends no rate comes into force and no period is closed.
select pg_advisory_xact_lock_shared(hashtextextended('copq.booking', 0))
