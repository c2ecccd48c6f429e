insert into copq.unpriced (
    event_id, occurred_at, event_type, plant, line, product, reason, tried_revision,
    worth, base, per_hour, currency, nearest_version, nearest_from)
select * from unnest(
    $1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::bigint[], $9::numeric[], $10::numeric[], $11::numeric[], $12::text[], $13::bigint[],
    $14::timestamptz[])
on conflict (event_id) do update set
    reason = excluded.reason, tried_revision = excluded.tried_revision,
    worth = excluded.worth, base = excluded.base, per_hour = excluded.per_hour,
    currency = excluded.currency, nearest_version = excluded.nearest_version,
    nearest_from = excluded.nearest_from
