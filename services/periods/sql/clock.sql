-- The server's clock now, which stamps what is booked, and when the month's last step was taken.
select clock_timestamp() as now, (
    select max(done_at) from copq.period_step where plant = $1 and month = $2) as last
