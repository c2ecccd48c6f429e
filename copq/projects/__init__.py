"""Improvement projects in Postgres: proposed, approved, measured, signed; nothing is changed."""
