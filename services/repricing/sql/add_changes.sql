insert into copq.repricing_change as c (
    repricing_id, plant, product, month, currency, kind, events, reversed, booked, base)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (repricing_id, plant, product, month, currency, kind) do update set
    events = c.events + excluded.events,
    reversed = c.reversed + excluded.reversed,
    booked = c.booked + excluded.booked,
    base = c.base + excluded.base
