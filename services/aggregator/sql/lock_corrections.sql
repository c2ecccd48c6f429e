-- One transaction at a time works out what corrections change.
select pg_advisory_xact_lock(hashtextextended('copq.correction', 0))
