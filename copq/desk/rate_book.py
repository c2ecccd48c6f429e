"""`/v1/rate-book`: the rates in force and of before, as a file that another book may import."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response

from copq.access.door import Role
from copq.desk import examples
from copq.desk.desk import Desk
from copq.desk.rate_documents import as_download
from copq.rates.formats import Format, bytes_of
from copq.rates.store import book_at, file_of
from copq.web.answers import Faults

_PATH = "/v1/rate-book"
_ENDINGS = {Format.YAML: "yaml", Format.CSV: "zip", Format.EXCEL: "xlsx"}
Kind = Annotated[
    Format, Query(alias="format", description="csv is a zip archive with a file of each table.")
]
At = Annotated[
    str,
    Query(
        description="A revision, or an instant: the book as it was then; else as it is now.",
        examples=["3"],
    ),
]


def add_rate_book(router: APIRouter, desk: Desk) -> None:
    @router.get(
        _PATH, summary="The rate book as YAML, CSV or Excel", description=examples.RATE_BOOK,
        openapi_extra=examples.GET_RATE_BOOK.described(),
    )  # fmt: skip
    async def rate_book(request: Request, kind: Kind = Format.YAML, at: At = "") -> Response:
        async with desk.seeing(request, Role.FINANCE) as seeing:
            seeing.require_all()
            try:
                book = await book_at(seeing.conn, at)
            except ValueError as error:
                raise Faults([f"at: {error}"]) from None
        if not book.revision:
            raise HTTPException(404, "the rate book is empty")
        name = f"rates-{book.revision}.{_ENDINGS[kind]}"
        answer = as_download(name, bytes_of(kind, file_of(book)))
        answer.headers["ETag"] = f'"rates.{book.revision}.{kind}"'
        return answer
