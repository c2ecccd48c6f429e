-- name: project_version
-- How many rows there are about a project: none of them is ever changed or removed.
select
    p.project,
    (select count(*) from copq.project_step as s where s.project = p.project)
    + (select count(*) from copq.project_owner as s where s.project = p.project)
    + (select count(*) from copq.project_plan as s where s.project = p.project)
    + (select count(*) from copq.project_investment as s where s.project = p.project)
    + (select count(*) from copq.project_forecast as s where s.project = p.project)
    + (select count(*) from copq.project_non_routine as s where s.project = p.project)
    + (select count(*) from copq.project_substitute as s where s.project = p.project)
    + (select count(*) from copq.project_decision as s where s.project = p.project)
    + (select count(*) from copq.project_claim as s where s.project = p.project)
    + (select count(*) from copq.project_validation as s where s.project = p.project) as version
from copq.project as p
where p.plant = :plant and p.name = :name
