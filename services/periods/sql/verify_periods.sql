-- Months whose state is not what was done with them, or where a step is missing.
with done as (
    select
        plant, month,
        (array_agg(what order by step desc))[1] as last_step,
        count(*) as steps, max(step) as last,
        count(*) filter (where what = 'closed') as closings,
        min(done_at) filter (where what = 'closed') as first_closed_at
    from copq.period_step
    group by 1, 2
), told as (
    select
        plant, month, steps, last, closings, first_closed_at,
        case last_step when 'reopened' then 'open' else last_step end as state
    from done
), expected as (
    select
        plant, month, steps, last, state, closings, first_closed_at, case when state <> 'open'
            then (max(month) over (partition by plant) + interval '1 month')::date end as booked_in
    from told
)
select
    plant, month,
    e.state as step_state, p.state as period_state,
    e.closings as step_closings, p.closings as period_closings,
    e.first_closed_at as step_first_closed_at, p.first_closed_at as period_first_closed_at,
    e.booked_in as step_booked_in, p.booked_in as period_booked_in,
    e.last as step_steps, e.steps as period_steps
from expected as e
full join copq.period as p using (plant, month)
where (e.state, e.closings, e.first_closed_at, e.booked_in)
    is distinct from (p.state, p.closings, p.first_closed_at, p.booked_in)
    or e.steps <> e.last
order by plant, month
