"""Filling the demo's ledger: by commands and by HTTP, as a plant would."""

from pathlib import Path
from typing import Any

from copq.command_line.commands.finance import rates
from copq.command_line.commands.intake import importing
from copq.command_line.commands.intake.import_target import Place
from copq.command_line.demo.telling import print_command, print_heading, say
from copq.command_line.exits import Exit
from copq.command_line.terminal import fail

BOTTLING, VALVES = Path("examples/bottling_plant"), Path("examples/tyre_valves")
RATES = (BOTTLING / "rates.yaml", VALVES / "rates.yaml")
LOG, MAPPING, DAY = BOTTLING / "mes.csv.gz", BOTTLING / "mapping.yaml", VALVES / "events.ndjson"
PROJECTS = BOTTLING / "projects.yaml"
NDJSON = "application/x-ndjson"


def check_examples() -> None:
    """End the command if the examples are missing."""
    missing = [str(path) for path in (*RATES, LOG, MAPPING, DAY, PROJECTS) if not path.is_file()]
    if missing:
        fail(f"{missing[0]} is not here: run the demo in the folder of the copq repository")


def import_rates(data: Path) -> None:
    print_heading("What things cost: finance's rate files")
    for file in RATES:
        print_command(f"copq rates import {file} --data {data}")
        rates.import_(file, data=data)


def import_log(url: str, data: Path) -> None:
    print_heading("What happened: two weeks of the bottling plant's MES log")
    print_command(f"copq import {LOG} \\\n    --mapping {MAPPING} --to {url}")
    importing.import_to(Place(url, None, None), LOG, MAPPING, data=data)


def send_day(url: str) -> None:
    """The tyre valves' events are events already: they need no mapping."""
    print_heading("And a day of tyre valves, by HTTP")
    print_command(
        f"curl {url}/v1/events \\\n"
        f"    -H 'Content-Type: {NDJSON}' --data-binary @{DAY}"
    )  # fmt: skip
    answer = _post_day(url)
    said = ("accepted", "duplicate", "refused")
    say(", ".join(f"{answer[status]} {status}" for status in said) + ".")


def _post_day(url: str) -> Any:
    """What the service answered to the day's events."""
    import httpx  # slow to load, and of use here alone

    try:
        answer = httpx.post(
            f"{url}/v1/events", content=DAY.read_bytes(), headers={"content-type": NDJSON},
            timeout=300, trust_env=False,
        )  # fmt: skip
        return answer.raise_for_status().json()
    except httpx.HTTPError as error:
        fail(f"the service did not take {DAY}: {error}", Exit.UNAVAILABLE)
