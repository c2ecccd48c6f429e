"""The Postgres server that comes with copq: one for each data folder."""
