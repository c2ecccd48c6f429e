insert into copq.rate_revision (source, imported_by) values ($1, $2) returning revision
