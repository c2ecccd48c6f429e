-- name: lock_booking
-- No batch is being booked, and none begins until the transaction ends.
select pg_advisory_xact_lock(hashtextextended('copq.booking', 0))
