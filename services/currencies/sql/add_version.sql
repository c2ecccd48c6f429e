insert into copq.exchange_version (source, imported_by, why) values ($1, $2, $3) returning version
