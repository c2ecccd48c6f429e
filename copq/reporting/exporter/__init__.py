"""COPQ for Prometheus: read from Postgres in the background, served from memory."""
