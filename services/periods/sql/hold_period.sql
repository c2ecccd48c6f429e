-- One sign-off of a month after the other. No row of it is locked: adding up takes a while, and who
-- closes another month meanwhile keeps the stream from booking until it has the plant's rows.
select pg_advisory_xact_lock(hashtextextended('copq.period/' || $1::text || '/' || $2::date, 0))
