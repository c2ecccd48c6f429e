"""Postgres: connections, statements from files, migrations, the booking lock."""
