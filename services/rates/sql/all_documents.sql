select
    d.document, d.name, d.submitted_at, d.submitted_by, d.submitted_as, d.why, d.jump,
    c.decision, c.revision, c.decided_at, c.decided_by, c.decided_as, c.why as decided_why,
    c.alone, c.concerns
from copq.rate_document as d
left join copq.rate_decision as c using (document)
where $1::bigint is null or document = $1
order by document
