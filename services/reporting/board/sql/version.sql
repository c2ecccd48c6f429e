-- What this transaction sees: two that see the same answer the same.
select pg_current_snapshot()::text
