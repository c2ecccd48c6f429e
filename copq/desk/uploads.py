"""A file that a person sends: its bytes are the body, its name is a parameter."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query, Request

from copq.rates.formats import MAX_BYTES
from copq.web.body import read_body

FileName = Annotated[
    str,
    Query(
        alias="name", min_length=1, max_length=200,
        description="The file's name; its ending says what it is: .yaml, .csv, .xlsx.",
        examples=["rates.xlsx"],
    ),
]  # fmt: skip
Perhaps = Annotated[str, Query(alias="why", description="Why, for the audit trail.")]
Why = Annotated[
    str, Query(description="Why, for the audit trail.", examples=["invoice 4711 came late"])
]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent."""

    name: str
    data: bytes


def file_body(example: str, kind: str = "application/yaml") -> dict[str, Any]:
    """The body in OpenAPI, for `openapi_extra`; `example` is a file of this kind."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    content = {
        kind: {"schema": {"type": "string"}, "example": example},
        "application/octet-stream": binary,
    }
    return {"requestBody": {"required": True, "content": content}}


async def read_file(request: Request) -> bytes:
    """The bytes of the file. Raises `HTTPException` 413 if it is too large."""
    return await read_body(request, MAX_BYTES)
