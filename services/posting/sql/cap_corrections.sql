-- Of the corrections of what $1 or $3 name, those that are beyond the first $2 of a kind: kept and
-- shown, and never looked at again. $1 are new corrections, $3 events that have come by now.
-- Those that may apply, of the event's own plant and line, are counted apart from all others; while
-- the event is unknown, those of each line are. So nobody uses up what belongs to another line.
-- Answers all of $1 that are beyond, also of a batch sent before.
with counted as (
    select
        c.event_id,
        (c.plant, c.line) is distinct from (k.plant, k.line) and k.plant is not null as strange,
        row_number() over (
            partition by
                c.corrects, (c.plant, c.line) = (k.plant, k.line),
                case when k.plant is null then c.plant end,
                case when k.plant is null then c.line end
            order by c.event_id = any($1::text[]), c.occurred_at, c.event_id) as place
    from copq.correction as c
    left join copq.event_key as k on k.event_id = c.corrects
    where not c.beyond and c.corrects in (
        select corrects from copq.correction where event_id = any($1::text[])
        union all
        select unnest($3::text[]))
), capped as (
    update copq.correction as c
    set beyond = true, state = 'not_applicable',
        why = format(
            case
                when strange then '"%s" is of another line and has %s such corrections already'
                else '"%s" has %s corrections already; correct the one that is applied'
            end, corrects, $2::int)
    from counted
    where counted.event_id = c.event_id and counted.place > $2
        and (c.event_id = any($1::text[]) or strange)
    returning c.event_id
)
select event_id from capped
union
select event_id from copq.correction where beyond and event_id = any($1::text[])
