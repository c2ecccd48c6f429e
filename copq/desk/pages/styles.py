"""The style sheet and the script of the desk."""

from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Response

_KINDS = {"desk.css": "text/css", "set_up.js": "text/javascript"}
_FILES = {name: (Path(__file__).parents[1] / "static" / name).read_bytes() for name in _KINDS}


def add_styles(router: APIRouter) -> None:
    for name in _KINDS:
        _add(router, name)


def _add(router: APIRouter, name: str) -> None:
    content = _FILES[name]
    headers = {"Cache-Control": "no-cache", "ETag": f'"{sha256(content).hexdigest()[:16]}"'}

    @router.get(f"/desk/{name}")
    async def file() -> Response:
        return Response(content, 200, headers, _KINDS[name])
