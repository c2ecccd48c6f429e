"""The fields of a form as the browser sends them."""

from urllib.parse import parse_qsl

from fastapi import HTTPException, Request

from copq.web.body import WITHIN_S, read_body
from copq.web.pages.page import PageError

MAX_BYTES = 64 * 1024
_MAX_FIELDS = 500
_REFUSED = {
    400: ("Not sent", "The browser went away before the form was sent."),
    408: ("Too slow", f"The form did not arrive within {WITHIN_S} s. Send it again."),
    413: ("Too much", f"A form may have {MAX_BYTES // 1024} KiB."),
}


async def read_form(request: Request) -> dict[str, str]:
    """The values by field, blanks trimmed. Raises `PageError` if the body is not a form."""
    try:
        body = await read_body(request, MAX_BYTES)
    except HTTPException as error:
        raise PageError(error.status_code, *_REFUSED[error.status_code]) from None
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict"
        )
    except ValueError:
        raise PageError(400, "Not a form", "Open the page again and fill it in there.") from None
    return {name: value.strip() for name, value in pairs}
