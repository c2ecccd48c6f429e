"""The AsyncAPI document: which service sends and receives what, on which topic."""

from typing import Any

from copq.schemas.events import EVENT_MODELS
from copq.schemas.examples import EXAMPLES

_KEY = {
    "bindingVersion": "0.5.0",
    "key": {"type": "string", "description": "plant/line: a line's messages keep their order."},
}
_CHANNELS = {
    "quality.events": "What happened in the plants.",
    "copq.priced-events": "Each accepted event with what it costs.",
    "quality.events.rejected": "What was refused, with the reason and the first bytes.",
}
_OPERATIONS = (
    ("ingest", "send", "quality.events"),
    ("ingest", "send", "quality.events.rejected"),
    ("costing", "receive", "quality.events"),
    ("costing", "send", "copq.priced-events"),
    ("costing", "send", "quality.events.rejected"),
    ("aggregator", "receive", "copq.priced-events"),
    ("aggregator", "receive", "quality.events.rejected"),
)


def asyncapi(schemas: dict[str, Any]) -> dict[str, Any]:
    """The whole document, around the schemas by name."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "copq",
            "version": "1.0.0",
            "description": "The cost of poor quality, priced as it happens.",
        },
        "defaultContentType": "application/json",
        "channels": {_name(address): _channel(address) for address in _CHANNELS},
        "operations": dict(_operation(*operation) for operation in _OPERATIONS),
        "components": {
            "messages": _messages(),
            "schemas": {name: _plain(schema) for name, schema in schemas.items()},
        },
    }


def _name(address: str) -> str:
    """Topics have dots and dashes, names in the document have not."""
    return address.replace(".", "_").replace("-", "_")


def _channel(address: str) -> dict[str, Any]:
    return {
        "address": address,
        "description": _CHANNELS[address],
        "bindings": {"kafka": {"bindingVersion": "0.5.0", "topic": address}},
        "messages": {name: _to("components/messages", name) for name in _MESSAGES[address]},
    }


_MESSAGES = {
    "quality.events": [model.__name__ for model in EVENT_MODELS.values()],
    "copq.priced-events": ["PricedEvent"],
    "quality.events.rejected": ["RejectedEvent"],
}


def _operation(service: str, action: str, address: str) -> tuple[str, dict[str, Any]]:
    channel = _name(address)
    return f"{service}_{action}_{channel}", {
        "action": action,
        "channel": _to("channels", channel),
        "summary": f"{service} {action}s {address}",
    }


def _messages() -> dict[str, Any]:
    events = {
        model.__name__: {
            **_message(model.__name__),
            "examples": [{"name": tag, "payload": EXAMPLES[tag]}],
        }
        for tag, model in EVENT_MODELS.items()
    }
    return {**events, **{name: _message(name) for name in ("PricedEvent", "RejectedEvent")}}


def _message(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "payload": _to("components/schemas", name),
        "bindings": {"kafka": _KEY},
    }


def _to(place: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/{place}/{name}"}


def _plain(schema: Any) -> Any:
    """AsyncAPI wants the discriminator's name alone."""
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _plain(part) for name, part in schema.items()}
    if isinstance(found.get("discriminator"), dict):
        found["discriminator"] = found["discriminator"]["propertyName"]
    return found
