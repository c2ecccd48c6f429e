"""The sender of events: the name that is stored with them, and the lines it may report for."""

import json
from dataclasses import dataclass

Lines = frozenset[tuple[str, str | None]]
"""Plant and line; a line of None stands for all lines of the plant."""


ALL_LINES = "*"


def encode_lines(lines: Lines | None) -> str:
    """The lines as Postgres reads them in `copq.lines`."""
    return lines_text(lines) or ALL_LINES


def lines_text(lines: Lines | None) -> str | None:
    """The lines as they are kept: JSON; None for all."""
    return None if lines is None else json.dumps(lines_json(lines))


def lines_json(lines: Lines | None) -> list[list[str | None]] | None:
    """The lines as pairs of plant and line, in their order; None for all."""
    return None if lines is None else [list(line) for line in sorted(lines, key=str)]


def lines_in(text: str | None) -> Lines | None:
    """What `lines_text` has written."""
    return None if text is None else frozenset(map(tuple, json.loads(text)))


@dataclass(frozen=True, slots=True)
class Sender:
    """An admitted sender. `lines` of None: it may report for every line."""

    name: str | None = None
    lines: Lines | None = None

    def may_report(self, plant: str, line: str) -> bool:
        """Whether it may send events of this line."""
        return self.lines is None or not self.lines.isdisjoint({(plant, None), (plant, line)})


MQTT = "mqtt/"
"""What the name of an MQTT client begins with, and no token's name may."""

ANYONE = Sender()
"""The sender without a token: on your own machine, or a command."""
