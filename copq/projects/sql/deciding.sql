-- name: add_forecast
-- Say what is now expected of a month.
insert into copq.project_forecast (project, month, type, amount, set_by, why)
values (:project, :month, :type, :amount, :by, :why)

-- name: add_non_routine
-- Say what happened in a month without being work of the project. Returns its number.
insert into copq.project_non_routine (project, month, amount, reason, evidence, set_by)
values (:project, :month, :amount, :reason, :evidence, :by)
returning number

-- name: add_substitute
-- Say whose baseline stands for that of a product without one. Returns its number.
insert into copq.project_substitute (
    project, line, product, like_line, like_product, reason, set_by)
values (:project, :line, :product, :like_line, :like_product, :reason, :by)
returning number

-- name: add_decision
-- Accept or reject an amount or a substitute.
insert into copq.project_decision (kind, number, project, decision, decided_by, note)
values (:kind, :number, :project, :decision, :by, :note)

-- name: add_shares
-- Set how projects divide the saving of the cells that they share.
insert into copq.project_share (plant, from_month, shares, set_by, why)
values (:plant, :from_month, :shares, :by, :why)

-- name: newest_month
-- The newest bridge of a month.
select version, net, reason from copq.project_month
where project = :project and month = :month
order by version desc limit 1

-- name: taken_of_month
-- What is claimed of a month and what is validated, by type; the newest of each, null without any.
select type, claimed, validated
from (
    select distinct on (type) type, amount as claimed
    from copq.project_claim
    where project = :project and month = :month
    order by type, number desc
) as c
left join (
    select distinct on (type) type, amount as validated
    from copq.project_validation
    where project = :project and month = :month
    order by type, number desc
) as v using (type)
order by type

-- name: add_claim
-- Claim a saving of a month.
insert into copq.project_claim (project, month, version, type, amount, note, claimed_by)
values (:project, :month, :version, :type, :amount, :note, :by)

-- name: add_validation
-- Say what finance makes of a claim.
insert into copq.project_validation (
    claim, project, plant, month, type, decision, amount, in_budget, closing, note, decided_by)
values (
    :claim, :project, :plant, :month, :type, :decision, :amount, :in_budget, :closing, :note, :by)
