-- Entries that several events may cause: standing without any of these, or withdrawn with one.
with booked as (
    select event_id, plant, line, product, day,
        sum(case when reverses is null then 1 else -1 end)::int as standing
    from copq.ledger
    where element = 'recovery_overhead'
    group by 1, 2, 3, 4, 5
), recovered as (
    select plant, line, product, day, sum(recovered) as recovered
    from copq.ledger
    where element in ('defect', 'scrap')
    group by 1, 2, 3, 4
), compared as (
    select
        b.event_id, b.plant, b.line, b.product, b.day, b.standing, coalesce(r.recovered > 0, false)::int as due,
        exists (select from copq.withdrawn as w where w.event_id = b.event_id) as withdrawn
    from booked as b
    left join recovered as r
        on (r.plant, r.line, r.product, r.day) = (b.plant, b.line, b.product, b.day)
)
select event_id, plant, line, product, day, standing, due, withdrawn from compared
where standing <> due or withdrawn = (due = 1)
order by event_id
