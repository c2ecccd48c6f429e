"""`POST /v1/events`: events by HTTP, an answer for each."""

from copq.ingest.http.app import make_http

__all__ = ["make_http"]
