"""Topic patterns: MQTT's filters with names for the levels that become fields."""

from copq.ingest.mqtt.faults import ConfigFault

FIELDS = frozenset({
    "event_type", "plant", "line", "product", "stage", "work_unit", "order", "lot", "shift",
    "defect_code", "function", "supplier", "source",
})  # fmt: skip
"""Fields of an event that a level of a topic may hold."""

OTHER_LEVELS = frozenset({"enterprise", "area", "group", "node", "device"})
"""Levels that may be named to be read, and are not fields of an event."""


class TopicPattern:
    """`plant/{plant}/line/{line}/quality`: `{name}` is one level, `+` an unnamed one, and `#`
    at the end all that follow."""

    def __init__(self, text: str) -> None:
        """Raises `ConfigFault`."""
        self.text = text
        self._levels = text.split("/")
        self._open = self._levels[-1] == "#"
        if self._open:
            self._levels.pop()
        for level in self._levels:
            _check(level)
        self.names = [_name(level) for level in self._levels if _name(level)]
        if len(set(self.names)) < len(self.names):
            raise ConfigFault(f'"{text}" names a level twice')
        found = [("+" if _name(level) else level) for level in self._levels]
        self.filter = "/".join([*found, "#"] if self._open else found)
        """As the broker takes it."""

    def match(self, topic: str) -> dict[str, str] | None:
        """The named levels of a topic; None if it does not match."""
        levels = topic.split("/")
        there, wanted = len(levels), len(self._levels)
        if there < wanted or (there > wanted and not self._open):
            return None
        found: dict[str, str] = {}
        for level, pattern in zip(levels, self._levels, strict=False):
            if name := _name(pattern):
                found[name] = level
            elif pattern not in ("+", level):
                return None
        return found


def _name(level: str) -> str:
    return level[1:-1] if level.startswith("{") and level.endswith("}") else ""


def _check(level: str) -> None:
    from copq.schemas.refusal import nearest

    name = _name(level)
    if name and name not in FIELDS | OTHER_LEVELS:
        hint = nearest(name, FIELDS | OTHER_LEVELS)
        raise ConfigFault(f'"{level}" names no field of an event{hint}; use + for a level to skip')
    if not name and level != "+" and any(sign in level for sign in "+#{}"):
        raise ConfigFault(f'"{level}": a level is a name, + or {{field}}; # stands at the end')
