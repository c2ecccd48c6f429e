-- Events without a price, each of a product that nobody knows: $1 reasons.
insert into copq.unpriced (
    event_id, plant, line, occurred_at, event_type, product, reason, tried_revision, worth,
    currency, base)
select
    'u-' || n, 'north', 'L' || n % 1000, $2::timestamptz - interval '1 hour', 'defect', 'X' || n,
    'no cost table for product X' || n, 1, 12.5, 'EUR', 0
from generate_series(1, $1::int) as n
