#!/bin/bash
# A login for each service (docs/security.md, "Database roles"), made by the superuser before the first
# migration. It may run again: passwords become those of .env. Nothing but this script connects as
# the superuser.
set -euo pipefail
export PGHOST=postgres PGUSER=postgres PGPASSWORD=$POSTGRES_PASSWORD PGDATABASE=copq
psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --file /etc/copq/roles.sql
psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 <<'SQL'
\getenv owner OWNER_PASSWORD
\getenv ingest INGEST_PASSWORD
\getenv costing COSTING_PASSWORD
\getenv aggregator AGGREGATOR_PASSWORD
\getenv reporting REPORTING_PASSWORD
\getenv grafana GRAFANA_DATABASE_PASSWORD
\set desk 0
\getenv desk COPQ_DESK
select format('create role %I login', name)
from unnest(array['copq', 'ingest', 'costing', 'aggregator', 'reporting', 'grafana']) as name
where not exists (select from pg_roles where rolname = name) \gexec
-- The owner migrates, and commands act as the owner in the role of their work.
alter role copq password :'owner';
grant copq_door, copq_ingest, copq_costing, copq_aggregator, copq_reporting, copq_projects,
    copq_pack, copq_finance, copq_admin to copq;
alter database copq owner to copq;
alter role ingest password :'ingest';
grant copq_ingest to ingest;
alter role costing password :'costing';
grant copq_costing to costing;
alter role aggregator password :'aggregator';
grant copq_aggregator to aggregator;
alter role reporting password :'reporting';
grant copq_reporting, copq_pack to reporting;
-- Where people decide by page and API (docs/security.md, "The desk").
\if :desk
grant copq_projects, copq_finance, copq_admin, copq_aggregator to reporting;
\else
revoke copq_projects, copq_finance, copq_admin, copq_aggregator from reporting;
\endif
alter role grafana password :'grafana';
grant copq_reporting to grafana;
alter role grafana set copq.lines = '*';
revoke connect on database copq from public;
grant connect on database copq to copq, ingest, costing, aggregator, reporting, grafana;
SQL
