-- Corrections that are not applied, as a rule since what they correct has not come.
select event_id, corrects, occurred_at
from copq.correction
where applied_at is null
order by occurred_at, event_id
