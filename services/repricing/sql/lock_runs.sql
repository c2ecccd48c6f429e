-- One after the other looks whether there is a run to go on with.
select pg_advisory_xact_lock(hashtextextended('copq.repricing', 0))
