"""A file that a person picks in a form, read with limits."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from fastapi import HTTPException, Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from copq.rates.formats import MAX_BYTES
from copq.web.body import read_body

_REST = 64 * 1024
"""What a form has in addition to its file."""
_THROWN_AWAY = 512 * 1024 * 1024
"""How much of a file that is too large is read, so that the browser shows the answer."""
_LONGEST_NAME = 200
TOO_LARGE = (
    f"the file is larger than {MAX_BYTES >> 20} MB: split it into several, and send each one"
)


@dataclass(frozen=True, slots=True)
class Upload:
    """The file of a form, and its other fields."""

    name: str
    data: bytes
    filled: dict[str, str]


async def read_upload(request: Request) -> Upload:
    """Raises `HTTPException` 413 if it is too large, 422 without a file."""
    try:
        body = await read_body(request, MAX_BYTES + _REST, _THROWN_AWAY)
    except HTTPException as error:
        if error.status_code != 413:
            raise
        raise HTTPException(413, TOO_LARGE) from None

    async def parts() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        form = await MultiPartParser(
            request.headers, parts(), max_files=1, max_fields=20, max_part_size=_REST
        ).parse()
    except (MultiPartException, KeyError) as error:
        raise HTTPException(422, f"this is not a form with a file: {error}") from None
    filled = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    files = [value for value in form.values() if isinstance(value, UploadFile)]
    if not files or not files[0].filename:
        raise HTTPException(422, "choose a file first")
    return Upload(files[0].filename[-_LONGEST_NAME:], await files[0].read(), filled)
