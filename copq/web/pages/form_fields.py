"""The fields of a form as the browser sends them."""

import asyncio
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.requests import ClientDisconnect

from copq.web.pages.page import PageError

MAX_BYTES = 64 * 1024
_MAX_FIELDS = 500
WITHIN_S = 20


async def read_form(request: Request) -> dict[str, str]:
    """The values by field, blanks trimmed. Raises `PageError` if the body is not a form."""
    try:
        async with asyncio.timeout(WITHIN_S):
            body = await _read_bounded(request)
    except TimeoutError:
        raise PageError(
            408, "Too slow", f"The form did not arrive within {WITHIN_S} s. Send it again."
        ) from None
    except ClientDisconnect:
        raise PageError(
            400, "Not sent", "The browser went away before the form was sent."
        ) from None
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict"
        )
    except ValueError:
        raise PageError(400, "Not a form", "Open the page again and fill it in there.") from None
    return {name: value.strip() for name, value in pairs}


async def _read_bounded(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BYTES:
            raise PageError(413, "Too much", f"A form may have {MAX_BYTES // 1024} KiB.")
    return bytes(body)
