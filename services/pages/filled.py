"""What a person filled in: the fields of a form as the browser sends them."""

from urllib.parse import parse_qsl

from fastapi import Request

from services.pages.page import PageError

MAX_BYTES = 64 * 1024
_MAX_FIELDS = 500


async def filled_in(request: Request) -> dict[str, str]:
    """Field by field, blanks trimmed. Raises `PageError` where it is no such form."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BYTES:
            raise PageError(413, "Too much", f"A form may have {MAX_BYTES // 1024} KiB.")
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict"
        )
    except ValueError:
        raise PageError(400, "Not a form", "Open the page again and fill it in there.") from None
    return {name: value.strip() for name, value in pairs}
