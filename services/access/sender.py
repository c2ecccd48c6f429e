"""Who sends: the name that is kept with what was sent, and the lines it may report for."""

import json
from dataclasses import dataclass

Lines = frozenset[tuple[str, str | None]]
"""Plant and line; a line of None stands for all lines of the plant."""


ALL_LINES = "*"


def written(lines: Lines | None) -> str:
    """As Postgres reads them, in `copq.lines`."""
    return ALL_LINES if lines is None else json.dumps(sorted(lines, key=str))


@dataclass(frozen=True, slots=True)
class Sender:
    """One that was let in. `lines` of None: it may report for every line."""

    name: str | None = None
    lines: Lines | None = None

    def may_report(self, plant: str, line: str) -> bool:
        """Whether events of this line may come from it."""
        return self.lines is None or not self.lines.isdisjoint({(plant, None), (plant, line)})


MQTT = "mqtt/"
"""What the name of an MQTT client begins with, and no token's name may."""

ANYONE = Sender()
"""Where nobody asks who sends: on a machine of your own, or by a command."""
