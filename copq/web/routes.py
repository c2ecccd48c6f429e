"""Routes that a service takes from a router."""

from fastapi import APIRouter, FastAPI


def add_routes(app: FastAPI, router: APIRouter) -> None:
    """Add the router's routes as they are.

    `include_router` would read all their parameters a second time, at the first request.
    """
    app.router.routes.extend(router.routes)
