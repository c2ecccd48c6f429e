-- name: add_project
-- Add a project.
insert into copq.project (plant, name, proposed_by) values (:plant, :name, :by) returning project

-- name: hold_project
-- Let one transaction at a time decide about a project.
select pg_advisory_xact_lock(hashtextextended('copq.project/' || :project::bigint, 0))

-- name: add_owner
-- Name the owner and the sponsor of a project.
insert into copq.project_owner (project, owner, sponsor, set_by, why)
values (:project, :owner, :sponsor, :by, :why)

-- name: add_plan
-- Set the plan of a project. Returns its number.
insert into copq.project_plan (project, content, set_by, source, why)
values (:project, :content, :by, :source, :why)
returning number

-- name: add_project_step
-- Add a step to those of a project.
insert into copq.project_step (project, step, what, state, taken_by, why)
select :project, coalesce(max(step), 0) + 1, :what, :state, :by, :why
from copq.project_step
where project = :project

-- name: add_investment
-- Set an investment; without an amount it is taken away.
insert into copq.project_investment (
    project, name, kind, first_month, last_month, amount, currency, set_by, why)
values (:project, :name, :kind, :first_month, :last_month, :amount, :currency, :by, :why)
