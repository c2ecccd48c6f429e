insert into copq.rate_document (name, original, content, submitted_by, submitted_as, why)
values ($1, $2, $3, $4, $5, $6)
returning document
