select
    revision, imported_at, imported_by, source,
    document, submitted_at, submitted_by, d.why as submitted_why, c.why as decided_why, c.alone
from copq.rate_revision
left join copq.rate_decision c using (revision)
left join copq.rate_document d using (document)
where revision = any($1::bigint[])
order by revision
