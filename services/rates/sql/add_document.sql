insert into copq.rate_document (name, original, content, submitted_by, submitted_as, why, jump)
values ($1, $2, $3, $4, $5, $6, $7)
returning document
