"""The sender of events: the name that is stored with them, and the lines it may report for."""

import json
from dataclasses import dataclass

Lines = frozenset[tuple[str, str | None]]
"""Plant and line; a line of None stands for all lines of the plant."""


ALL_LINES = "*"


def encode_lines(lines: Lines | None) -> str:
    """The lines as Postgres reads them in `copq.lines`."""
    return ALL_LINES if lines is None else json.dumps(sorted(lines, key=str))


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
