"""The style sheet of the desk."""

from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Response

_SHEET = (Path(__file__).parents[1] / "static" / "desk.css").read_bytes()
_TAG = f'"{sha256(_SHEET).hexdigest()[:16]}"'


def add_styles(router: APIRouter) -> None:
    @router.get("/desk/desk.css")
    async def styles() -> Response:
        return Response(_SHEET, 200, {"Cache-Control": "no-cache", "ETag": _TAG}, "text/css")
