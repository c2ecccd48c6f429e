"""An improvement project on the bottling plant: promised, approved, measured and validated."""

from collections.abc import Callable
from pathlib import Path

from copq.command_line.commands.finance import periods, project_savings, project_steps, projects
from copq.command_line.commands.read import bridge
from copq.command_line.demo.bottling import PLANT
from copq.command_line.demo.sending import PROJECTS
from copq.command_line.demo.telling import print_command, print_heading, remark, say
from copq.improvement.projects.states import Step

NAME, OWNER, FINANCE = "palletizer 2", "olga", "finn"
MONTHS = ("2025-05", "2025-06")
_SHOWN = f'{PLANT} "{NAME}"'


def show_project(data: Path) -> None:
    """Take a project from its proposal to a saving that finance has validated."""
    print_heading("Does an improvement pay off? A project on the worst stops")
    say(
        f"For a new power supply of 2,500 USD, {OWNER} promises that line 2's palletizer loses "
        f"4,000 USD less by electrical stops in June. {FINANCE}, of finance, approves it: the "
        "first week is what the second is compared with, and nobody changes that any more."
    )
    _propose(data)
    _measure(data)
    _validate(data)
    remark(
        "The log knows of no power supply: that it stopped less is its simulator's. The baseline "
        "is that of a whole month, and the project ran in one week of it: fewer units are volume, "
        "not a saving."
    )


def _propose(data: Path) -> None:
    _show(f"projects import {PROJECTS} --by {OWNER}", data)
    projects.import_(PROJECTS, by=OWNER, data=data)
    _show(f"projects size {_SHOWN} --by {OWNER}", data)
    project_steps.size(PLANT, NAME, by=OWNER, data=data)
    _show(f"projects approve {_SHOWN} --by {FINANCE}", data)
    project_steps.approve(PLANT, NAME, by=FINANCE, data=data)
    for step in (Step.START, Step.REALISE):
        _show(f"projects {step} {_SHOWN} --by {OWNER}", data)
        _STEPS[step](PLANT, NAME, by=OWNER, data=data)


_STEPS: dict[Step, Callable[..., None]] = {
    step: project_steps.step_command(step) for step in (Step.START, Step.REALISE)
}


def _measure(data: Path) -> None:
    _show("projects refresh", data)
    bridge.refresh_projects(data=data)
    _show(f"projects bridge {_SHOWN}", data)
    bridge.bridge(PLANT, NAME, data=data)


def _validate(data: Path) -> None:
    for month in MONTHS:
        _show(f"periods close {PLANT} {month} --by {FINANCE}", data)
        periods.close(PLANT, month, by=FINANCE, data=data)
    _show(f"projects claim {_SHOWN} {MONTHS[-1]} --by {OWNER}", data)
    project_savings.claim(PLANT, NAME, MONTHS[-1], by=OWNER, data=data)
    _show(f"projects validate {_SHOWN} {MONTHS[-1]} accept --by {FINANCE}", data)
    project_savings.validate(PLANT, NAME, MONTHS[-1], "accept", by=FINANCE, data=data)


def _show(words: str, data: Path) -> None:
    print_command(f"copq {words} --data {data}")
