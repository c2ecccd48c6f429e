-- Until the transaction ends nobody prices again what it corrects.
select pg_advisory_xact_lock_shared(hashtextextended('copq.standing', 0))
