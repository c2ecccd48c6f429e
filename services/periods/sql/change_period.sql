insert into copq.period (plant, month, state, first_closed_at, closings, booked_in)
values (
    $1, $2::date, $3, $4, 1,
    case when $3 <> 'open' then ($2::date + interval '1 month')::date end)
on conflict (plant, month) do update set
    state = excluded.state,
    closings = period.closings + case excluded.state when 'closed' then 1 else 0 end,
    booked_in = excluded.booked_in
returning closings
