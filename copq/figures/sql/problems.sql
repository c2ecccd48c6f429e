-- name: problems
-- The :limit largest problems of each currency, by time if :by_time, else by cost; and the sums of
-- all of them. A problem is a defect code, or an element without one, of a function. Failure cost in
-- the production days from :first to :last, which lie between the instants :since and :until.
-- An event is one occurrence, and so is a stop that is reported in pieces (`stop`). Events of the
-- elements :several have several entries, and those with losses of control or reputation must count
-- once: these are summed by event first (`event`).
-- `net` is all cost of the currency, `earned` the part of problems that earned money.
-- :open_event to :open_seconds are the amounts that open stops add, one by one.
with part as (
    select
        event_id, currency, element, defect_code, net, seconds, null::numeric as provisional,
        case when reverses is null then 1 else -1 end as sign
    from {{ledger}}
    {{group_join}}
    where occurred_at >= :since and occurred_at < :until
        and day >= :first and day < :last
        and (:plant::text is null or plant = :plant)
        and (:line::text is null or line = :line)
        and (:product::text is null or product = :product)
        and {{in_group}}
        and category = any(:categories::text[])
    union all
    select event_id, currency, element, defect_code, net, seconds, net, is_open::int
    from unnest(
        :open_event::text[], :open_currency::text[], :open_element::text[],
        :open_defect_code::text[], :open_net::numeric[], :open_seconds::numeric[],
        :open_is_open::boolean[]
    ) as open_stop (event_id, currency, element, defect_code, net, seconds, is_open)
), said as (
    select
        event_id, function, interventions + wrong_routings + other_master_data > 0
            or num_nonnulls(handled_by, severity, contacts, people, duration) > 0 as is_single
    from copq.event_problem
    where occurred_at < :until
        and (occurred_at >= :since or is_stop and occurred_at >= :since - interval '367 days')
        and (:plant::text is null or plant = :plant)
        and (:line::text is null or line = :line)
), occurrence as (
    select
        currency, function, defect_code, case when defect_code is null then element end as element,
        case when is_single or element = any(:several::text[]) then event_id end as event,
        sum(sign) as standing, sum(net) as net, sum(seconds) as seconds,
        sum(provisional) as provisional
    from part
    left join said using (event_id)
    where :function::text is null or function is not distinct from nullif(:function, '')
    group by 1, 2, 3, 4, 5
), problem as (
    select
        o.currency, o.function, o.defect_code, o.element,
        coalesce(sum(standing) filter (where event is null), 0)::bigint
            + count(distinct {{whole_stop}}) filter (where {{stands}})
            + count(event) filter (where {{stands}} and stop.event_id is null) as frequency,
        sum(net) as cost, sum(seconds) as seconds, coalesce(sum(provisional), 0) as provisional,
        {{of_events(amount => interventions)}} as interventions,
        {{of_events(amount => wrong_routings)}} as wrong_routings,
        {{of_events(amount => other_master_data)}} as other_master_data,
        count(*) filter (where {{stands}}
            and num_nonnulls(handled_by, severity, contacts, people, duration) > 0) as complaints,
        {{graded(amount => handled_by)}} as handled_by, {{graded(amount => severity)}} as severity,
        {{graded(amount => contacts)}} as contacts, {{graded(amount => people)}} as people,
        {{graded(amount => duration)}} as duration
    from occurrence as o
    left join copq.event_problem as said_of on said_of.event_id = o.event
    left join copq.stop on stop.event_id = o.event
    group by 1, 2, 3, 4
), sized as (
    select
        *, case when :by_time then seconds else cost end as size,
        sum(cost) over of_currency as all_net,
        coalesce(sum(cost) filter (where cost < 0) over of_currency, 0) as all_earned
    from problem
    window of_currency as (partition by currency)
), ranked as (
    select
        *, count(*) over of_currency as all_problems,
        sum(frequency) over of_currency as all_frequency, sum(cost) over of_currency as all_cost,
        sum(seconds) over of_currency as all_seconds,
        sum(interventions) over of_currency as all_interventions,
        sum(wrong_routings) over of_currency as all_wrong_routings,
        sum(other_master_data) over of_currency as all_other_master_data,
        sum(complaints) over of_currency as all_complaints,
        row_number() over (
            partition by currency
            order by size desc, coalesce(function, '') collate "C",
                coalesce(defect_code, element) collate "C", element) as place
    from sized
    where size > 0
    window of_currency as (partition by currency)
)
select * from ranked
where :limit::int is null or place <= :limit
order by currency collate "C", place

-- name: stands
-- Whether a group of `occurrence` is an event that stands.
event is not null and standing > 0

-- name: whole_stop
-- The stop that a piece is of, as a name; null of other events.
case when stop.event_id is not null then concat_ws(
    E'\n', stop.plant, stop.line, stop.work_unit, stop.defect_code, stop.planned, stop.began_at) end

-- name: of_events
-- The sum of a count (:amount) over the events that stand.
coalesce(sum(:amount) filter (where {{stands}}), 0)::bigint

-- name: graded
-- Of a grade (:amount): how many complaints have it, their sum and the highest.
array[count(:amount) filter (where {{stands}}), sum(:amount) filter (where {{stands}}),
    max(:amount) filter (where {{stands}})]
