"""The dashboards as files, generated: `python -m deploy.grafana.generate`, `--check` for freshness.

Needs the package grafana-foundation-sdk, which only development installs.
"""

import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana.finance import finance
from deploy.grafana.line import line
from deploy.grafana.now import now
from deploy.grafana.pipeline import pipeline
from deploy.grafana.portfolio import portfolio

FOLDER = Path(__file__).parent / "dashboards"


def dashboards() -> dict[Path, str]:
    """Every file, with the text it should have."""
    made = {"copq-now": now, "line-and-product": line, "cost-of-quality": finance,
            "pipeline": pipeline, "improvement-portfolio": portfolio}  # fmt: skip
    encoder = JSONEncoder(sort_keys=True, indent=2)
    return {FOLDER / f"{name}.json": encoder.encode(make()) + "\n" for name, make in made.items()}


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` say which are stale: 1 if any is."""
    if arguments != ["--check"]:
        for path, text in dashboards().items():
            path.write_text(text, "utf-8")
        return 0
    stale = [p for p, t in dashboards().items() if not p.exists() or p.read_text("utf-8") != t]
    for path in stale:
        print(f"{path.relative_to(FOLDER.parents[2])} is stale: run make dashboards")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
