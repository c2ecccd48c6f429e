"""The steps of a project: `copq projects size`, `approve`, `start` and so on."""

from collections.abc import Callable

from copq.command_line.acting import ByOption
from copq.command_line.commands.finance.project_options import (
    Asked,
    Person,
    PlantArgument,
    ProjectArgument,
    WhyOption,
    as_finance,
    as_owner,
    command_line,
)
from copq.command_line.database import DATA, DatabaseOption, DataOption
from copq.command_line.options import JsonOption
from copq.command_line.terminal import money, out, print_json, table
from copq.figures.project_baseline import measure_baseline
from copq.improvement.projects.states import RULES, Role, Step
from copq.projects import sizing
from copq.projects.answers import project_json, sized_json
from copq.projects.approving import approve as approve_project
from copq.projects.baseline import Baseline
from copq.projects.sizing import Sized
from copq.projects.steps import take
from copq.projects.store import Project


def size(
    plant: PlantArgument,
    project: ProjectArgument,
    by: ByOption = "",
    why: WhyOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Measure the baseline of a project and count its promise, so that finance can decide.

    For its owner or finance: once a manager's or a finance token exists, COPQ_TOKEN must hold one.

    Example: copq projects size north caps
    """

    async def work(at: Asked) -> tuple[Project, Sized]:
        return await sizing.size(
            at.conn, plant, project, at.book, measure_baseline, at.order, at.now
        )

    one, sized = as_owner(plant, Person(by, why, database_url, data), work)
    if as_json:
        print_json(sized_json(one, sized))
        return
    _show(one, sized)
    out.print(f"Next, finance: {command_line('approve', plant, project)}")


def approve(
    plant: PlantArgument,
    project: ProjectArgument,
    by: ByOption = "",
    why: WhyOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Approve a project: freeze its plan, its promise, its rates and its baseline for ever.

    For finance, by a person who never owned it: once a finance token exists, COPQ_TOKEN must hold
    one.

    Example: copq projects approve north caps --why "pays off in ten months"
    """

    async def work(at: Asked) -> tuple[Project, Sized]:
        return await approve_project(at.conn, plant, project, measure_baseline, at.order, at.now)

    one, sized = as_finance(plant, Person(by, why, database_url, data), work)
    if as_json:
        print_json(sized_json(one, sized))
        return
    _show(one, sized)
    assert one.freeze is not None
    out.print(f"Frozen at revision {one.freeze.revision} of the rates.")
    out.print(f"SHA-256: {one.freeze.sha256.hex()}", soft_wrap=True)


def _show(one: Project, sized: Sized) -> None:
    out.print(f"{one}: {one.state}.")
    for note in sized.notes:
        out.print(f"Note: {note}")
    show_baseline(sized.measured.baseline, one.plan.currency)
    for kind, total in sized.promise.items():
        out.print(f"Promised, {kind.replace('_', ' ')}: {money(total, one.plan.currency)}")


def show_baseline(baseline: Baseline, currency: str) -> None:
    rows = [
        (
            cell.line or "–", cell.product or "–", f"{cell.exposure:,f}",
            money(cell.booked, currency), money(cell.at_frozen_rates, currency),
        )
        for cell in baseline.cells
    ]  # fmt: skip
    columns = ["line", "product", "exposure", "booked", "at frozen rates"]
    table(f"Baseline of {baseline.months} months in {currency}", columns, rows, left=2)


_ABOUT = {
    Step.START: ("Start a project: its measures are being put in place.", "", "Started"),
    Step.REALISE: ("Say that the measures of a project are in place.", "", "Realised"),
    Step.SIGN: ("Sign a project: finance accepts the whole of it.", "as validated", "Signed"),
    Step.SUSTAIN: ("Say that the gain of a project lasts.", "held for a year", "Sustained"),
    Step.LAPSE: (
        "Say that the gain of a project is lost; its months end.",
        "the losses are back",
        "Lapsed",
    ),
    Step.CANCEL: (
        "Cancel a project for ever; propose another one instead.",
        "the line is sold",
        "Cancelled",
    ),
    Step.REOPEN: ("Open a project again that was realised.", "sealing was changed", "Reopened"),
}


def step_command(step: Step) -> Callable[..., None]:
    """The command that takes a step which is a decision alone."""
    about, reason, done = _ABOUT[step]
    is_owners = RULES[step].role is Role.OWNER
    act = as_owner if is_owners else as_finance

    def command(
        plant: PlantArgument,
        project: ProjectArgument,
        by: ByOption = "",
        why: WhyOption = "",
        as_json: JsonOption = False,
        database_url: DatabaseOption = None,
        data: DataOption = DATA,
    ) -> None:
        async def work(at: Asked) -> Project:
            return await take(at.conn, plant, project, step, at.order)

        one = act(plant, Person(by, why, database_url, data), work)
        if as_json:
            print_json(project_json(one))
            return
        out.print(f"{done}: {one}.")

    because = f' --why "{reason}"' if reason else ""
    command.__doc__ = (
        f"{about}\n\n{_WHO[is_owners]}\n\nExample: copq projects {step} north caps{because}"
    )
    command.__name__ = str(step)
    return command


_WHO = {
    True: "For its owner or finance: once a manager's or a finance token exists, COPQ_TOKEN must "
    "hold one.",
    False: "For finance, by a person who never owned it: once a finance token exists, COPQ_TOKEN "
    "must hold one.",
}
"""Of the steps that are the owner's, and of those that are not."""
