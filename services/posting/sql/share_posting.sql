-- Until the transaction ends no batch with corrections is posted.
select pg_advisory_xact_lock_shared(hashtextextended('copq.posting', 0))
