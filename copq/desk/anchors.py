"""`/v1/audit/anchors`: digests of what is booked, kept elsewhere, and later compared."""

from asyncpg import Connection
from fastapi import APIRouter, Request, Response

from copq.access.door import Role
from copq.audit.anchor import Anchor, AnchorFileError, file_of, read_anchors
from copq.audit.anchoring import anchors
from copq.audit.store import head_of
from copq.desk import examples
from copq.desk.acts import NOT_DONE, Act, By, json_body, read_act
from copq.desk.desk import Acting, Desk
from copq.desk.kept import keep_upload
from copq.desk.once import IDEMPOTENT, Done, answer_act
from copq.desk.repricings import add_work
from copq.desk.uploads import FileName, Perhaps, Upload, file_body, read_file
from copq.desk.works import ANCHOR, COMPARE_ANCHORS
from copq.web.answers import Faults

_PATH = "/v1/audit/anchors"
KIND = "application/x-ndjson"


def add_anchors(router: APIRouter, desk: Desk) -> None:
    _add_reading(router, desk)

    @router.post(
        _PATH, summary="Anchor what is booked and received", operation_id="anchor",
        status_code=202, description=f"{examples.ANCHORING} {examples.LONG_WORK}",
        openapi_extra=examples.ANCHOR.described(json_body(Act, examples.ANCHOR.text)),
        responses=NOT_DONE, dependencies=[IDEMPOTENT],
    )  # fmt: skip
    async def make(request: Request, by: By = "") -> Response:
        bearer = await desk.admit(request, Role.FINANCE)
        said, body = await read_act(request, Act)
        return await answer_act(
            desk, request, bearer, by, body, lambda acting: ask_to_anchor(acting, said.why)
        )

    @router.post(
        f"{_PATH}/compare", summary="Compare entries and events with a file of anchors",
        operation_id="compare_anchors", status_code=202,
        description=f"{examples.COMPARING} {examples.LONG_WORK}",
        openapi_extra=examples.COMPARE_ANCHORS.described(
            file_body(examples.COMPARE_ANCHORS.text, KIND)
        ),
        responses=NOT_DONE, dependencies=[IDEMPOTENT],
    )  # fmt: skip
    async def compare(
        request: Request, name: FileName = "anchors.ndjson", why: Perhaps = "", by: By = ""
    ) -> Response:
        bearer = await desk.admit(request, Role.FINANCE)
        file = Upload(name, await read_file(request))
        return await answer_act(
            desk, request, bearer, by, file.data, lambda acting: ask_to_compare(acting, file, why)
        )


def _add_reading(router: APIRouter, desk: Desk) -> None:
    @router.get(
        _PATH, summary="All anchors, as a file to keep elsewhere", description=examples.ANCHORS,
        openapi_extra=examples.GET_ANCHORS.described(),
    )  # fmt: skip
    async def read(request: Request) -> Response:
        async with desk.seeing(request, Role.FINANCE) as seeing:
            seeing.require_all()
            text = await _file(seeing.conn)
        headers = {
            "Cache-Control": "no-store",
            "Content-Disposition": 'attachment; filename="anchors.ndjson"',
        }
        return Response(text, 200, headers, KIND)


async def _file(conn: Connection) -> str:
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        return file_of(await anchors(conn), await head_of(conn))


async def ask_to_anchor(acting: Acting, why: str) -> Done:
    """Ask for an anchor in the caller's transaction. Raises `OutOfScope`."""
    return await add_work(acting, ANCHOR, {}, why)


async def ask_to_compare(acting: Acting, file: Upload, why: str) -> Done:
    """Ask, in the caller's transaction, whether anything differs from a file of anchors.

    Raises `Faults`, `OutOfScope`.
    """
    known = _read(file)
    upload = await keep_upload(acting.conn, acting.actor.name, file.name, file.data)
    until = known[-1].until if known else None
    request = {"file": file.name, "upload": upload, "anchors": len(known), "until": until}
    return await add_work(acting, COMPARE_ANCHORS, request, why)


def _read(file: Upload) -> list[Anchor]:
    try:
        return read_anchors(file.data.decode().splitlines())[0]
    except (AnchorFileError, UnicodeDecodeError) as error:
        raise Faults([f"the file {file.name}: {error}"]) from None
