insert into copq.repricing_change as c (
    repricing_id, plant, product, month, currency, events, reversed, booked, base)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (repricing_id, plant, product, month, currency) do update set
    events = c.events + excluded.events,
    reversed = c.reversed + excluded.reversed,
    booked = c.booked + excluded.booked,
    base = c.base + excluded.base
