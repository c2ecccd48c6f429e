"""A project as JSON, for the commands that change it and the one that shows it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from asyncpg import Connection

from copq.projects import store
from copq.projects.baseline import Baseline
from copq.projects.evidence import baseline_json, baseline_of
from copq.projects.plan_json import plan_json
from copq.projects.sizing import Sized
from copq.projects.store import (
    Claim,
    Excess,
    Forecast,
    Investment,
    NonRoutine,
    Project,
    Shares,
    Substitute,
    Validation,
)


@dataclass(frozen=True, slots=True)
class ProjectAccount:
    """A project with all that was said and decided about it."""

    project: Project
    baseline: Baseline | None
    investments: Sequence[Investment]
    forecasts: Sequence[Forecast]
    non_routine: Sequence[NonRoutine]
    substitutes: Sequence[Substitute]
    shares: Sequence[Shares]
    claims: Sequence[Claim]
    validations: Sequence[Validation]
    excesses: Sequence[Excess]

    def as_json(self) -> dict[str, Any]:
        lists = (
            "investments", "forecasts", "non_routine", "substitutes", "claims", "validations",
            "excesses",
        )  # fmt: skip
        return {
            **project_json(self.project),
            "plan": plan_json(self.project.plan),
            "steps": [asdict(step) for step in self.project.steps],
            "baseline": self.baseline and baseline_json(self.baseline),
            **{name: [_said(one) for one in getattr(self, name)] for name in lists},
            "shares": [_shares_json(one) for one in self.shares],
        }


async def account_of(conn: Connection, plant: str, name: str) -> ProjectAccount:
    """The project of this name with its lists, in one snapshot. Raises `UnknownProject`."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        found = await store.project(conn, plant, name)
        text, own = await store.evidence(conn, found.id), [found.id]
        return ProjectAccount(
            found, None if text is None else baseline_of(text),
            await store.investments(conn, own), await store.forecasts(conn, own),
            await store.non_routine(conn, own), await store.substitutes(conn, own),
            [one for one in await store.shares(conn, plant) if found.id in one.shares],
            await store.claims(conn, own), await store.validations(conn, own),
            await store.excesses(conn, own),
        )  # fmt: skip


def project_json(one: Project) -> dict[str, Any]:
    """A project without its lists."""
    freeze = None
    if one.freeze is not None:
        freeze = {**asdict(one.freeze), "sha256": one.freeze.sha256.hex()}
    last = one.steps[-1]
    return {
        "plant": one.plant, "project": one.name, "state": one.state, "owner": one.owner,
        "sponsor": one.sponsor, "starts": one.plan.starts, "currency": one.plan.currency,
        "since": last.at, "by": last.by, "why": last.why, "frozen": freeze,
    }  # fmt: skip


def sized_json(one: Project, sized: Sized) -> dict[str, Any]:
    """A project with the baseline that was measured, its promise, and what to know of them."""
    return {
        **project_json(one),
        "baseline": baseline_json(sized.measured.baseline),
        "promise": {str(kind): total for kind, total in sized.promise.items()},
        "notes": sized.notes,
    }


def _said(one: Any) -> dict[str, Any]:
    said = asdict(one)
    del said["project"]
    return said


def _shares_json(one: Shares) -> dict[str, Any]:
    parts = {str(project): str(part) for project, part in one.shares.items()}
    return {"from_month": one.from_month, "shares": parts, "by": one.set_by, "why": one.why}
