"""The page of a piece of long work: how far it is, what it has found, and a way to end it."""

from collections.abc import Awaitable, Callable, Collection
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response

from copq.access.door import Bearer
from copq.desk import jobs
from copq.desk.desk import Acting
from copq.desk.jobs import Job
from copq.desk.pages.frame import DeskPages, Refusal, go
from copq.desk.repricings import asker, cancel
from copq.web.pages.form_fields import read_form

AGAIN_S = 1
"""How soon the page of an open job asks again."""

Show = Callable[[Request, Bearer, Job, Refusal | None], Awaitable[Response]]
"""The page of a job, with the refusal of an act on it."""


def add_job_pages(
    router: APIRouter, pages: DeskPages, path: str, kinds: Collection[str], what: str, show: Show
) -> None:
    """Add `path`/NUMBER, which shows a job of these kinds, and the act that cancels it.

    `what` names the work where there is none with the number.
    """

    async def shown(
        request: Request, bearer: Bearer, number: int, refusal: Refusal | None = None
    ) -> Response:
        async with pages.desk.seeing_as(bearer) as seeing:
            found = await read(seeing.conn, bearer, number)
        page = await show(request, bearer, found, refusal)
        if found.state in jobs.OPEN:
            page.headers["Refresh"] = str(AGAIN_S)
        return page

    async def read(conn: Any, bearer: Bearer, number: int) -> Job:
        found = await jobs.read_job(conn, number)
        if found.kind not in kinds or asker(bearer) not in (None, found.actor.name):
            raise HTTPException(404, f"there is no {what} {number}")
        return found

    @router.get(f"{path}/{{number:int}}")
    async def job(request: Request, number: int) -> Response:
        return await shown(request, await pages.person(request), number)

    @router.post(f"{path}/{{number:int}}/cancel")
    async def stop(request: Request, number: int) -> Response:
        bearer = await pages.person(request)
        filled = await read_form(request)

        async def act(acting: Acting) -> Any:
            await read(acting.conn, bearer, number)
            return (await cancel(acting, number, filled.get("why", ""))).body["state"]

        refusal, _ = await pages.act(request, bearer, filled, act)
        if refusal:
            return await shown(request, bearer, number, refusal)
        return go(f"{path}/{number}", "cancelled")
