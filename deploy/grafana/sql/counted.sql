-- The entries that count in the window chosen, each with the `part` of it that does: of a stop
-- that began before the window the rest of its time. A stop's entry lasts an hour at most.
counted as (
    select
        entry.*, copq.part_of_stop(1, occurred_at, lasted, since, until) as part,
        copq.part_of_stop(net, occurred_at, lasted, since, until) as counted_net
    from (
        select *, case when element in ('downtime', 'planned_stop') then seconds else 0 end as lasted
        from copq.ledger
        where occurred_at >= (select min(since) from span) - interval '1 hour'
            and plant ~ $name$^(${plant:regex})$$name$
            and line ~ $name$^(${line:regex})$$name$
            and coalesce(product, '') ~ $name$^(${product:regex})$$name$
            and currency = '$currency'
    ) as entry
    join span using (plant)
    where occurred_at < until
        and (occurred_at >= since or occurred_at + make_interval(secs => abs(lasted)::float8) > since)
)
