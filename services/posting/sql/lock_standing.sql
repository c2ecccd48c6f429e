-- Until the transaction ends no correction is applied: what stands changes by this one alone.
select pg_advisory_xact_lock(hashtextextended('copq.standing', 0))
