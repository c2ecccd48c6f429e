insert into copq.retention (ordered_by, why, subject, before, plant)
values ($1, $2, $3, $4, $5)
returning *
