-- name: export_entries
-- The entries that a project's figures follow from, on the production days from :first to :last and
-- booked until :booked_until: the losses of its scope, what its lines made, and their stops. Numbers
-- are text as Postgres has them, from which the digest of a baseline is made.
select
    event_id, entry_no, extract(epoch from occurred_at)::text as occurred_at,
    extract(epoch from booked_at)::text as booked_at, reverses, day, line, product, stage,
    work_unit, defect_code, shift, supplier, element, category, quantity::text, gross::text,
    recovered::text, allowed::text, net::text, seconds::text, base::text, good::text,
    ungraded::text, currency, rate_version, labour_version, line_version,
    extract(epoch from nullif(hour, '-infinity'))::text as hour
from copq.ledger
where {{project_days}}
    and (
        ({{in_scope}})
        or (
            element in ('production', 'downtime', 'planned_stop')
            and (:line::text[] is null or line = any(:line))))
order by occurred_at, event_id, entry_no

-- name: export_months
-- Each version of each month's bridge.
select *
from copq.project_month
where project = :project
order by month, version

-- name: export_claims
-- Every claim, also those that a later one replaced.
select number, month, version, type, amount, note, claimed_at, claimed_by
from copq.project_claim
where project = :project
order by number

-- name: export_validations
-- Every validation, also those that a later one replaced.
select
    number, claim, month, type, decision, amount, in_budget, closing, note, decided_at, decided_by
from copq.project_validation
where project = :project
order by number

-- name: export_closings
-- The closings of a plant's months, with the digest of what each signed.
select month, closing, closed_at, entries, digest
from copq.closing
where plant = :plant and month >= :since
order by month, closing
