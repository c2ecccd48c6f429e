select revision, imported_at, imported_by, source from copq.rate_revision
where revision = any($1::bigint[])
