"""The dashboards' panels, and their queries with the variables put in as Grafana does it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from deploy.grafana.generate import FOLDER

TIME = {"$__rate_interval": "30s"}
ALL = ()
"""What is chosen of a variable where all is: `.*`, as it is, whatever the format."""


def boards() -> dict[str, dict[str, Any]]:
    return {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every panel, by the names of its dashboard and itself."""
    for name, board in boards().items():
        for panel in board["panels"]:
            yield f"{name}: {panel['title']}", panel


def panel(name: str) -> dict[str, Any]:
    [found] = [panel for known, panel in panels() if known == name]
    return found


@dataclass(frozen=True)
class Chosen:
    """What somebody has chosen at the top of a dashboard."""

    plant: tuple[str, ...] = ALL
    line: tuple[str, ...] = ALL
    product: tuple[str, ...] = ALL
    currency: str = "EUR"
    window: str = "1h"
    month: str = "2026-01"
    type: str = "hard"

    def promql(self, text: str) -> str:
        """Grafana's Prometheus source: the names escaped for a regular expression in quotes."""
        for name in ("plant", "line", "product"):
            chosen = [self._in_quotes(one) for one in getattr(self, name)]
            text = text.replace(f"${name}", f"({'|'.join(chosen)})" if chosen else ".*")
        for name in ("currency", "window", "type"):
            text = text.replace(f"${name}", getattr(self, name))
        return self._whole(text)

    def sql(self, text: str) -> str:
        """`${name:regex}`, and single values in which an apostrophe is doubled."""
        for name in ("plant", "line", "product"):
            chosen = [re.sub(r"[\\^$*+?.()|\[\]{}/]", r"\\\g<0>", n) for n in getattr(self, name)]
            put = ".*" if not chosen else chosen[0] if len(chosen) == 1 else f"({'|'.join(chosen)})"
            text = text.replace(f"${{{name}:regex}}", put)
        for name in ("currency", "window", "month"):
            text = text.replace(f"${name}", getattr(self, name).replace("'", "''"))
        return self._whole(text, quotes="$name$")

    @staticmethod
    def _in_quotes(name: str) -> str:
        return re.sub(r"[$^*{}\[\]+?.()|]", r"\\\\\g<0>", name.replace("\\", "\\\\\\\\"))

    @staticmethod
    def _whole(text: str, quotes: str = "") -> str:
        for name, value in TIME.items():
            text = text.replace(name, value)
        left = text.replace("$" + quotes, "").replace(quotes, "") if quotes else text
        assert not re.search(r"\$\{?[a-zA-Z_]", left), f"a variable that is not known: {text}"
        return text
