-- name: add_problems
-- Keep what events say next to their cost: an array for each column.
insert into copq.event_problem (
    event_id, occurred_at, plant, line, is_stop, function, interventions, wrong_routings,
    other_master_data, handled_by, severity, contacts, people, duration)
select * from unnest(
    :event_id::text[], :occurred_at::timestamptz[], :plant::text[], :line::text[],
    :is_stop::boolean[], :function::text[], :interventions::int[], :wrong_routings::int[],
    :other_master_data::int[], :handled_by::int[], :severity::int[], :contacts::int[],
    :people::int[], :duration::int[])
