-- Entries booked in a month while it was closed, or in another than their own while that was open.
with shut as (
    select
        s.plant, s.month, s.done_at as since,
        coalesce((
            select min(r.done_at) from copq.period_step as r
            where r.plant = s.plant and r.month = s.month and r.what = 'reopened'
                and r.step > s.step), 'infinity') as until
    from copq.period_step as s
    where s.what = 'closed'
), found as (
    select l.plant, l.event_id, l.entry_no, l.booked_at, l.day, l.period, false as was_open
    from copq.ledger as l
    join shut as s
        on s.plant = l.plant and s.month = l.period
        and l.booked_at > s.since and l.booked_at < s.until
    union all
    select l.plant, l.event_id, l.entry_no, l.booked_at, l.day, l.period, true
    from copq.ledger as l
    where l.period <> date_trunc('month', l.day::timestamp)::date
        and not exists (
            select from shut as s
            where s.plant = l.plant and s.month = date_trunc('month', l.day::timestamp)::date
                and l.booked_at > s.since and l.booked_at < s.until)
)
select * from found order by plant, event_id, entry_no
