-- Who may do what, down in Postgres: a service that errs, or is told to, gets no further than
-- this. Tables are named one by one; nobody has a right to what is not named here.

grant usage on schema copq to
    copq_door, copq_ingest, copq_costing, copq_aggregator, copq_reporting, copq_projects,
    copq_pack, copq_finance, copq_admin;
grant select on alembic_version to public;

-- The door: which tokens there are. That one was used is written by a function, so that the
-- check of tokens needs no right to write.
grant select on copq.token to copq_door;
create function copq.mark_used(names text[]) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
begin atomic
    -- To the minute: that is enough to see which tokens are in use.
    update copq.token set last_used_at = now()
    where name = any(names)
        and (last_used_at is null or last_used_at < now() - interval '1 minute');
end;
revoke all on function copq.mark_used(text[]) from public;
grant execute on function copq.mark_used(text[]) to copq_door;
grant execute on function
    copq.begin_sign_in(bytea, bytea, text, text, text, timestamptz, timestamptz),
    copq.take_sign_in(bytea),
    copq.begin_session(bytea, text, text, text, text, jsonb, timestamptz, timestamptz, int, bytea),
    copq.use_session(bytea, timestamptz),
    copq.end_session(bytea, timestamptz)
to copq_door;

-- Ingest: names out of the rate book, the form, and what became of an event; no cost, no event.
create view copq.rate_name as
select
    revision, kind, key, effective_from,
    case kind
        when 'plant' then content
        when 'plant_currency' then content
        when 'cost_table' then jsonb_strip_nulls(jsonb_build_object(
            'product', content -> 'product', 'plant', content -> 'plant',
            'currency', content -> 'currency', 'effective_from', content -> 'effective_from',
            'effective_to', content -> 'effective_to',
            'stages', (
                select jsonb_agg(jsonb_build_object('stage', stage -> 'stage', 'raw_material', '0')
                    order by number)
                from jsonb_array_elements(content -> 'stages')
                    with ordinality as each (stage, number))))
        when 'line_rate' then jsonb_strip_nulls(jsonb_build_object(
            'plant', content -> 'plant', 'line', content -> 'line', 'rate_per_minute', '0',
            'effective_from', content -> 'effective_from',
            'effective_to', content -> 'effective_to'))
    end as content
from copq.rate_item
where kind in ('plant', 'plant_currency', 'cost_table', 'line_rate');
comment on view copq.rate_name is 'The rate book without its figures: each cost is zero.';
grant select on copq.rate_name, copq.rate_revision to copq_ingest, copq_admin;
grant select (event_id, occurred_at) on copq.event_key to copq_ingest;
grant select (event_id, occurred_at, received_at, sent_by) on copq.event to copq_ingest;
grant select (event_id, reason) on copq.unpriced to copq_ingest;
grant select (corrects, event_id, state) on copq.correction to copq_ingest;
grant select on copq.rejected to copq_ingest;
grant select, insert on copq.form_entry to copq_ingest;
grant select, insert on copq.brought_name to copq_ingest, copq_aggregator;
grant update (sent_at, withdrawn_at) on copq.form_entry to copq_ingest;

-- Costing: the rates, and nothing of what they make.
grant select on copq.rate_revision, copq.rate_item to copq_costing;

-- The aggregator prices what is late, and books. It adds to the ledger, and keeps what is derived from it.
grant select, insert on copq.event, copq.event_problem, copq.ledger to copq_aggregator;
grant select, insert, update, delete on copq.event_key, copq.claim, copq.unpriced, copq.withdrawn
    to copq_aggregator;
grant select, insert, update on
    copq.line_heard, copq.rollup, copq.fence, copq.stop, copq.correction to copq_aggregator;
grant delete on copq.stop to copq_aggregator;
grant select, insert on copq.rejected to copq_aggregator;
grant update (replayed_at, replayed_by) on copq.rejected to copq_aggregator;
alter function copq.make_partitions(date, date) security definer;
alter function copq.make_partitions(date, date) set search_path = pg_catalog, pg_temp;
revoke all on function copq.make_partitions(date, date), copq.lock_partitioned() from public;
grant execute on function copq.make_partitions(date, date) to copq_aggregator;

-- The summary is made outside the transactions that book, by the same role.
grant select, insert, update, delete on
    copq.summary, copq.summary_leaf, copq.summary_value, copq.summary_day, copq.summary_position
    to copq_aggregator;
grant select on
    copq.summary, copq.summary_leaf, copq.summary_value, copq.summary_day, copq.summary_position
    to copq_reporting, copq_finance;

-- Reporting reads; finance reads too, and sets rates and targets; an admin grants access alone.
grant select on
    copq.rate_revision, copq.rate_item, copq.event_key, copq.event, copq.event_problem,
    copq.line_heard, copq.ledger,
    copq.rollup, copq.unpriced, copq.stop, copq.correction, copq.rejected, copq.target,
    copq.budget, copq.base_amount, copq.group_member, copq.group_days, copq.retention, copq.audit
    to copq_reporting, copq_finance;
grant select on copq.standing_cost, copq.standing_posted
    to copq_aggregator, copq_reporting, copq_finance;
grant insert, update on copq.standing_posted to copq_aggregator;
grant insert on copq.standing_cost to copq_finance;
grant select on copq.fence, copq.claim, copq.withdrawn to copq_finance;
-- Whose word a price stands on, and why; not what a draft says.
grant select (document, submitted_at, submitted_by, why) on copq.rate_document to copq_reporting;
grant select (document, revision, why, alone) on copq.rate_decision to copq_reporting;
grant select on copq.period to copq_aggregator;
grant select on copq.anchor to copq_aggregator;
grant select, insert on copq.anchor, copq.anchor_day, copq.anchor_digest to copq_finance;
grant select on copq.repricing, copq.repricing_change to copq_aggregator, copq_finance;
grant insert, update on copq.repricing, copq.repricing_change to copq_aggregator;
grant select on copq.reporting_currency, copq.exchange_version, copq.exchange_rate
    to copq_aggregator, copq_reporting, copq_finance;
grant select on copq.reporting_ledger, copq.completed_ledger, copq.reporting_rollup to copq_reporting, copq_finance;
grant insert on copq.reporting_currency, copq.exchange_version, copq.exchange_rate to copq_finance;
grant update on copq.reporting_currency to copq_finance;
grant select on copq.period, copq.period_step, copq.closing, copq.closing_figure,
    copq.closing_saving, copq.first_reported
    to copq_reporting, copq_finance;
grant insert on
    copq.period, copq.period_step, copq.closing, copq.closing_figure, copq.closing_saving
    to copq_finance;
grant update on copq.period to copq_finance;
grant select on copq.token, copq.rate_document, copq.rate_decision, copq.person, copq.session
    to copq_finance;
grant insert on
    copq.rate_revision, copq.rate_item, copq.rate_document, copq.rate_decision, copq.target,
    copq.budget, copq.base_amount, copq.group_member to copq_finance;
grant select, insert on copq.token to copq_admin;
grant update (revoked_at, revoked_by) on copq.token to copq_admin;
grant select (
    session, issuer, subject, name, role, lines, created_at, expires_at, idle_s, last_used_at,
    ended_at, ended_by) on copq.session to copq_admin;
grant update (ended_at, ended_by) on copq.session to copq_admin;

-- By API and page: what was done for a request.
grant select, insert, delete on copq.upload to copq_finance, copq_projects;
grant select, insert, update, delete on copq.request_key to
    copq_finance, copq_admin, copq_projects;

grant select, insert, update, delete on copq.job to copq_finance;

-- Projects: their owners propose and claim, finance decides, the service measures.
grant select on
    copq.project, copq.project_owner, copq.project_plan, copq.project_step, copq.project_freeze,
    copq.project_promise, copq.project_investment, copq.project_forecast, copq.project_non_routine,
    copq.project_substitute, copq.project_decision, copq.project_share, copq.project_day,
    copq.project_cell, copq.project_month, copq.project_month_inputs, copq.project_verdict,
    copq.project_evidence, copq.project_claim, copq.project_validation, copq.project_entry
    to copq_aggregator, copq_reporting, copq_finance;
grant insert on
    copq.project, copq.project_owner, copq.project_plan, copq.project_step, copq.project_freeze,
    copq.project_promise, copq.project_investment, copq.project_forecast, copq.project_non_routine,
    copq.project_substitute, copq.project_decision, copq.project_share, copq.project_claim,
    copq.project_validation to copq_finance;
grant insert on
    copq.project, copq.project_owner, copq.project_plan, copq.project_step, copq.project_investment,
    copq.project_forecast, copq.project_non_routine, copq.project_substitute, copq.project_claim
    to copq_projects;
grant insert, update, delete on
    copq.project_day, copq.project_cell, copq.project_month_inputs, copq.project_evidence
    to copq_aggregator;
grant insert on copq.project_month, copq.project_verdict to copq_aggregator;

-- Who sends packs reads as reporting does, and keeps what was sent.
grant select, insert, update on copq.pack_sent to copq_pack;

-- Of which lines reporting sees rows: as `copq.lines` says, for this transaction or connection.
-- '*' is all; else JSON as in copq.token.lines; nothing where nobody has said any.
create function copq.sees_all() returns boolean
language sql stable parallel safe
return coalesce(current_setting('copq.lines', true) = '*', false);

create function copq.lines_said() returns jsonb
language sql stable parallel safe
return nullif(nullif(current_setting('copq.lines', true), ''), '*')::jsonb;

create function copq.plants_seen() returns text[]
language sql stable parallel safe
return array(
    select line ->> 0 from jsonb_array_elements(copq.lines_said()) as line
    where line ->> 1 is null);

create function copq.lines_seen() returns text[]
language sql stable parallel safe
return array(
    select (line ->> 0) || E'\n' || (line ->> 1)
    from jsonb_array_elements(copq.lines_said()) as line
    where line ->> 1 is not null);

-- Each of these sub-selects is computed once a query, not once a row. Others than reporting see
-- all of what they were granted.
do $$
declare
    guarded text;
begin
    foreach guarded in array array[
        'event', 'event_problem', 'event_key', 'line_heard', 'ledger', 'rollup', 'closing_figure',
        'unpriced', 'stop', 'correction', 'standing_cost', 'rejected', 'audit',
        'summary', 'summary_leaf'] loop
        execute format('alter table copq.%I enable row level security', guarded);
        execute format(
            'create policy whoever_was_granted on copq.%I '
            'to copq_ingest, copq_aggregator, copq_finance, copq_admin '
            'using (true) with check (true)', guarded);
        execute format(
            'create policy lines_of_the_reader on copq.%I for select to copq_reporting using (%s)',
            guarded,
            case when guarded in ('rejected', 'audit') then '(select copq.sees_all())'
            else '(select copq.sees_all()) '
                'or plant = any((select copq.plants_seen())::text[]) '
                'or plant || E''\n'' || line = any((select copq.lines_seen())::text[])' end);
    end loop;
end $$;

-- Rows of a whole plant are visible to readers of any of its lines.
create function copq.plants_read() returns text[]
language sql stable parallel safe
return array(select line ->> 0 from jsonb_array_elements(copq.lines_said()) as line);

do $$
declare
    guarded text;
begin
    foreach guarded in array array[
        'period', 'period_step', 'closing', 'standing_posted', 'summary_value', 'summary_day'] loop
        execute format('alter table copq.%I enable row level security', guarded);
        execute format(
            'create policy whoever_was_granted on copq.%I to copq_aggregator, copq_finance '
            'using (true) with check (true)', guarded);
        execute format(
            'create policy plants_of_the_reader on copq.%I for select to copq_reporting '
            'using ((select copq.sees_all()) or plant = any((select copq.plants_read())::text[]))',
            guarded);
    end loop;
end $$;

-- The groups of a plant's products are read by readers of any of its lines.
alter table copq.group_member enable row level security;
create policy whoever_was_granted on copq.group_member to copq_finance
using (true) with check (true);
create policy plants_of_the_reader on copq.group_member for select to copq_reporting
using ((select copq.sees_all()) or plant = any((select copq.plants_read())::text[]));

-- A base is of a whole plant: a reader of some of its lines would compare a part with the whole.
alter table copq.base_amount enable row level security;
create policy whoever_was_granted on copq.base_amount to copq_finance
using (true) with check (true);
create policy whole_plants_of_the_reader on copq.base_amount for select to copq_reporting
using ((select copq.sees_all()) or plant = any((select copq.plants_seen())::text[]));

alter table copq.closing_saving enable row level security;
create policy whoever_was_granted on copq.closing_saving to copq_finance
using (true) with check (true);
create policy whole_plants_of_the_reader on copq.closing_saving for select to copq_reporting
using ((select copq.sees_all()) or plant = any((select copq.plants_seen())::text[]));

-- A project's figures are read by readers of its whole plant. Of its steps, its owner takes those that
-- are not finance's.
alter table copq.project enable row level security;
alter table copq.project_share enable row level security;
create policy whoever_was_granted on copq.project to copq_aggregator, copq_finance
using (true) with check (true);
create policy whoever_was_granted on copq.project_share to copq_aggregator, copq_finance
using (true) with check (true);
create policy whole_plants_of_the_reader on copq.project for select to copq_reporting
using ((select copq.sees_all()) or plant = any((select copq.plants_seen())::text[]));
create policy whole_plants_of_the_reader on copq.project_share for select to copq_reporting
using ((select copq.sees_all()) or plant = any((select copq.plants_seen())::text[]));
do $$
declare
    guarded text;
begin
    foreach guarded in array array[
        'owner', 'plan', 'step', 'freeze', 'promise', 'investment', 'forecast', 'non_routine',
        'substitute', 'decision', 'day', 'cell', 'month', 'month_inputs', 'verdict',
        'evidence', 'claim', 'validation', 'entry'] loop
        execute format('alter table copq.project_%s enable row level security', guarded);
        execute format(
            'create policy whoever_was_granted on copq.project_%s '
            'to copq_aggregator, copq_finance using (true) with check (true)', guarded);
        execute format(
            'create policy projects_of_the_reader on copq.project_%s for select to copq_reporting '
            'using (project in (select project from copq.project))', guarded);
    end loop;
    foreach guarded in array array[
        'project', 'project_owner', 'project_plan', 'project_step', 'project_investment',
        'project_forecast', 'project_non_routine', 'project_substitute', 'project_claim'] loop
        execute format(
            'create policy owners_of_projects on copq.%I for insert to copq_projects '
            'with check (%s)', guarded,
            case guarded when 'project_step'
            then 'what in (''propose'', ''size'', ''start'', ''realise'', ''cancel'')'
            else 'true' end);
    end loop;
end $$;
