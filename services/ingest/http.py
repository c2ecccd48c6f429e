"""`POST /v1/events`: events by HTTP, an answer for each."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from schemas.decode import MAX_EVENT_BYTES
from schemas.refusal import Refusal
from services.ingest.intake import Answer, Intake, Status, Unavailable

CHUNK = 2_000
"""Events stored at once; a longer body is stored in parts, in order."""

MAX_JSON_BYTES = 16 * 1024 * 1024
"""Of a JSON document; NDJSON is read as a stream and has no limit but the line's."""

_NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")
_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode


class TooLarge(Exception):
    """The body is a larger document than can be held."""


def make_http(intake: Intake) -> FastAPI:
    """The HTTP service around an intake."""
    app = FastAPI(title="COPQ ingest", version="1", description=__doc__ or "")

    @app.post(
        "/v1/events",
        summary="Send quality events",
        description="One JSON object, an array of them, or NDJSON. Every event is answered: "
        "accepted, duplicate or refused. 202: none refused; 207: some; 422: all.",
        openapi_extra={"requestBody": {"required": True, "content": _CONTENT}},
        status_code=202,
    )
    async def events(request: Request) -> Response:
        return await _take(intake, request)

    @app.get("/healthz", summary="Is the process alive?")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    return app


_EXAMPLE = {
    "event_id": "press-4-000017",
    "event_type": "defect",
    "occurred_at": "2026-01-31T14:05:00+01:00",
    "plant": "north",
    "line": "L1",
    "product": "TR29",
    "stage": "P3",
    "quantity": 3,
}
_CONTENT: dict[str, Any] = {
    "application/json": {"schema": {"type": "object"}, "example": _EXAMPLE},
    "application/x-ndjson": {"schema": {"type": "string"}},
}


async def _take(intake: Intake, request: Request) -> Response:
    answers: list[Answer] = []
    try:
        async for chunk in _chunks(request):
            answers += await intake.accept(chunk)
    except Unavailable as error:
        retry = {"Retry-After": str(error.retry_after)}
        return _respond(503, answers, f"{error}; send all again later", retry)
    except TooLarge as error:
        return _respond(413, answers, str(error))
    except msgspec.DecodeError as error:
        return _respond(400, answers, f"the body is not JSON: {error}")
    if not answers:
        return _respond(400, answers, "the body holds no event")
    return _respond(_status(answers), answers)


def _status(answers: list[Answer]) -> int:
    refused = sum(a.status is Status.REFUSED for a in answers)
    if not refused:
        return 202
    return 422 if refused == len(answers) else 207


def _respond(
    code: int, answers: list[Answer], error: str | None = None, headers: Any = None
) -> Response:
    counts = {s.value: sum(a.status is s for a in answers) for s in Status}
    said = [_answer(position, answer) for position, answer in enumerate(answers)]
    body = {**counts, "answers": said, **({"error": error} if error else {})}
    return JSONResponse(body, code, headers)


def _answer(position: int, answer: Answer) -> dict[str, Any]:
    said: dict[str, Any] = {"position": position, "status": answer.status}
    if answer.event_id is not None:
        said["event_id"] = answer.event_id
    if answer.note is not None:
        said["note"] = answer.note
    if answer.refusal is not None:
        why: Refusal = answer.refusal
        said |= {"code": why.code, "field": why.field, "message": why.message}
    return said


def _chunks(request: Request) -> AsyncIterator[list[bytes]]:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    return _lines(request) if kind in _NDJSON else _document(request)


async def _document(request: Request) -> AsyncIterator[list[bytes]]:
    """A JSON object or array."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_JSON_BYTES:
            raise TooLarge(f"a JSON body may have {MAX_JSON_BYTES} bytes; send NDJSON for more")
    text = bytes(body).strip()
    if not text.startswith(b"["):
        yield [text] if text else []
        return
    events = [bytes(raw) for raw in _decode_array(text)]
    for start in range(0, len(events), CHUNK):
        yield events[start : start + CHUNK]


async def _lines(request: Request) -> AsyncIterator[list[bytes]]:
    """NDJSON as it comes in; memory holds one chunk."""
    chunk: list[bytes] = []
    async for line in _split(request):
        chunk.append(line)
        if len(chunk) >= CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


async def _split(request: Request) -> AsyncIterator[bytes]:
    rest = b""
    async for part in request.stream():
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            if stripped := line.strip():
                yield stripped
        if len(rest) > MAX_EVENT_BYTES * 4:
            raise TooLarge(f"a line may have {MAX_EVENT_BYTES} bytes")
    if stripped := rest.strip():
        yield stripped
