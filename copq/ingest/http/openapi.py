"""The OpenAPI document: FastAPI's routes, and `POST /v1/events`, which is not one of them.

Every example works as it stands, and a test sends each.
"""

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from copq.ingest.http.formats import CLOUDEVENT, CLOUDEVENTS, JSON, NDJSON
from copq.schemas.events import EVENT
from copq.schemas.examples import EXAMPLES

DESCRIPTION = "The cost of poor quality, priced as it happens. Events go in by `POST /v1/events`."

_TEMPLATE = "#/components/schemas/{model}"
_EVENT = {"$ref": "#/components/schemas/Event"}
_CLOUDEVENT = {"$ref": "#/components/schemas/CloudEvent"}

_FACTS = {
    name: value
    for name, value in EXAMPLES["scrap"].items()
    if name not in ("event_id", "event_type", "occurred_at")
}
BINARY = {
    "ce-specversion": "1.0",
    "ce-id": "4711",
    "ce-source": "/hamburg/filling-1/scale",
    "ce-type": "com.example.scrap",
    "ce-time": "2026-01-31T14:05:00+01:00",
}
"""The headers of a CloudEvent in binary mode, for the example that is one."""

_ENVELOPED = {name.removeprefix("ce-"): value for name, value in BINARY.items()}
_ONE = {**_ENVELOPED, "datacontenttype": "application/json", "data": _FACTS}
_ANOTHER = {**_ONE, "id": "4712", "data": {**_FACTS, "quantity": 2}}
_NDJSON = "".join(json.dumps(EXAMPLES[kind]) + "\n" for kind in ("production", "defect", "scrap"))

EXAMPLES_BY_TYPE: dict[str, dict[str, dict[str, Any]]] = {
    JSON: {
        "one event": {"value": EXAMPLES["defect"]},
        "an array": {"value": [EXAMPLES["production"], EXAMPLES["downtime"]]},
        "the data of a CloudEvent in binary mode": {
            "summary": f"with the headers {', '.join(f'{n}: {v}' for n, v in BINARY.items())}",
            "value": _FACTS,
        },
    },
    NDJSON: {"an event a line": {"value": _NDJSON}},
    CLOUDEVENT: {"a CloudEvent in structured mode": {"value": _ONE}},
    CLOUDEVENTS: {"a batch of CloudEvents": {"value": [_ONE, _ANOTHER]}},
}

_SCHEMAS: dict[str, Any] = {
    JSON: {"anyOf": [_EVENT, {"type": "array", "items": _EVENT}]},
    NDJSON: {"type": "string", "description": "One event a line; no limit on their number."},
    CLOUDEVENT: _CLOUDEVENT,
    CLOUDEVENTS: {"type": "array", "items": _CLOUDEVENT},
}

_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_FULL_TEXT = {"type": "string", "minLength": 1}

_CLOUDEVENT_SCHEMA = {
    "type": "object",
    "description": "CloudEvents 1.0. `data` is the event; event_id, event_type, occurred_at and "
    "source may be left out of it: they come from source and id, type, time and source.",
    "required": ["specversion", "id", "source", "type"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": _FULL_TEXT,
        "source": {**_FULL_TEXT, "format": "uri-reference"},
        "type": {**_FULL_TEXT, "description": "Ends in the event type: com.example.defect"},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"type": "string"},
        "data": {"type": "object"},
        "data_base64": {"type": "string", "contentEncoding": "base64"},
    },
}

_ANSWER = {
    "type": "object",
    "required": ["position", "status"],
    "properties": {
        "position": {**_COUNT, "description": "Of the event among those sent, from 0."},
        "status": {"enum": ["accepted", "duplicate", "refused"]},
        "event_id": {**_TEXT, "description": "Of an event that is not refused."},
        "code": {**_TEXT, "description": "Why it is refused, for programs."},
        "field": {**_TEXT, "description": "The field at fault; may be empty."},
        "message": {**_TEXT, "description": "Why it is refused and what to do, for people."},
        "note": {**_TEXT, "description": "Why an accepted event has no price yet."},
    },
}

_ANSWERS = {
    "type": "object",
    "required": ["accepted", "duplicate", "refused", "answers"],
    "properties": {
        "accepted": _COUNT,
        "duplicate": _COUNT,
        "refused": _COUNT,
        "answered": {
            **_COUNT,
            "description": "Where there is an error: the events at the beginning of the body "
            "that are answered for good. Of the others nothing is known; send all again.",
        },
        "error": {**_TEXT, "description": "Why the request ended before its body did."},
        "answers": {"type": "array", "items": {"$ref": "#/components/schemas/Answer"}},
    },
}

_RETRY = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}


def _response(description: str, headers: dict[str, Any] | None = None) -> dict[str, Any]:
    content = {JSON: {"schema": {"$ref": "#/components/schemas/Answers"}}}
    return {"description": description, "content": content, "headers": headers or {}}


_RESPONSES = {
    "202": _response("None is refused, and all are safe."),
    "207": _response("Some are refused; the others are safe."),
    "400": _response("The body holds no event, is not JSON, or is not compressed as it says."),
    "401": _response("No token, or one that is not good.", {"WWW-Authenticate": {"schema": _TEXT}}),
    "403": _response("The token is not one that may send."),
    "408": _response("The body came too slowly."),
    "413": _response("The body is a larger document than is read at once, or a bomb."),
    "415": _response("A Content-Type or Content-Encoding that is not read here."),
    "422": _response("All are refused."),
    "429": _response("Over the token's limit of requests, events or bytes.", _RETRY),
    "503": _response("What stores events does not answer now; nothing is lost.", _RETRY),
}

_DESCRIPTION = (
    "Every event is answered: accepted, duplicate (its id was there before, nothing changed) or "
    "refused. Accepted means stored: acknowledged by the broker, or committed by Postgres.\n\n"
    "A body that is cut off, or answered with an error, may have been stored in part: send all "
    "of it again, and each event is there once.\n\n"
    "Bodies may be sent with `Content-Encoding: gzip` or `zstd`. With `Prefer: return=minimal` "
    "only what is refused is listed, the rest is counted."
)

_PREFER = {
    "name": "Prefer", "in": "header", "required": False,
    "schema": {"type": "string", "enum": ["return=minimal"]},
}  # fmt: skip


def _operation() -> dict[str, Any]:
    content = {
        kind: {"schema": schema, "examples": EXAMPLES_BY_TYPE[kind]}
        for kind, schema in _SCHEMAS.items()
    }
    return {
        "summary": "Send quality events",
        "description": _DESCRIPTION,
        "operationId": "send_events",
        "tags": ["events"],
        "parameters": [_PREFER],
        "requestBody": {"required": True, "content": content},
        "responses": _RESPONSES,
        "security": [{}, {"token": []}],
    }


def _event_schemas() -> dict[str, Any]:
    event = EVENT.json_schema(ref_template=_TEMPLATE)
    parts: dict[str, Any] = event.pop("$defs")
    return {**parts, "Event": event}


def document(app: FastAPI) -> dict[str, Any]:
    """The document of the app's routes and of `POST /v1/events`, made once."""
    if app.openapi_schema is None:
        found = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        found["paths"] = {"/v1/events": {"post": _operation()}, **found["paths"]}
        components = found.setdefault("components", {})
        components.setdefault("schemas", {}).update(
            {**_event_schemas(), "CloudEvent": _CLOUDEVENT_SCHEMA, "Answer": _ANSWER,
             "Answers": _ANSWERS}
        )  # fmt: skip
        schemes = components.setdefault("securitySchemes", {})
        schemes.setdefault("token", {"type": "http", "scheme": "bearer"})
        app.openapi_schema = found
    return app.openapi_schema
