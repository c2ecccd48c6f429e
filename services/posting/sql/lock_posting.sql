-- Until the transaction ends no other batch is posted.
select pg_advisory_xact_lock(hashtextextended('copq.posting', 0))
