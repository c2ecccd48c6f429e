"""Alembic's entry point: renders the migrations as SQL, which copq.database.migrate executes.

Nothing connects here: rendering keeps one database driver, asyncpg, in the product.
"""

from alembic import context

context.configure(dialect_name="postgresql")
context.run_migrations()
