"""`/v1/targets`: the targets and budgets that were set; one of them set by itself."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from copq.access.door import Role
from copq.access.sender import Lines
from copq.desk import examples
from copq.desk.acts import NOT_DONE, Act, By, json_body, read_act, require_match_if_sent
from copq.desk.desk import Acting, Desk
from copq.desk.once import IDEMPOTENT, Done, answer_act
from copq.desk.samples import Sample
from copq.desk.versions import version_of
from copq.rates.file import RateFileError
from copq.rates.store import load
from copq.reporting.formats import as_json
from copq.schemas.fields import Identifier, Money, Share
from copq.schemas.targets import Budget, BudgetCategory, Target, WindowName
from copq.targets.book import SetBudget, SetTarget
from copq.targets.one import file_of_one, start_of, zone_of
from copq.targets.store import history, import_targets

_PATH = "/v1/targets"
TABLES = ("target", "budget")


class _Set(Act):
    effective_from: str = Field(
        "", description="A day of the plant, or an instant; empty: now.", examples=["2026-04-01"]
    )


class TargetAct(_Set):
    """As `copq targets set`."""

    plant: Identifier | None = None
    line: Identifier | None = None
    product: Identifier | None = None
    window: WindowName | None = None
    ratio: Share | None = Field(description="0.03 is 3 %; null takes the target away.")


class BudgetAct(_Set):
    """As `copq targets budget`."""

    plant: Identifier
    line: Identifier | None = None
    category: BudgetCategory | None = None
    amount: Money | None = Field(
        description="In the plant's currency, a month; null takes it away."
    )


def add_targets(router: APIRouter, desk: Desk) -> None:
    @router.get(
        _PATH, summary="Targets and budgets as they were set, the oldest first",
        openapi_extra=examples.LIST_TARGETS.described(),
    )  # fmt: skip
    async def targets(request: Request) -> Response:
        async with desk.seeing(request, Role.MANAGER, Role.FINANCE) as seeing:
            found, budgets = await history(seeing.conn)
            etag = await version_of(seeing.conn, *TABLES)
        body = {
            "targets": [asdict(one) for one in found if is_seen(one, seeing.lines)],
            "budgets": [asdict(one) for one in budgets if is_seen(one, seeing.lines)],
        }
        return as_json(body, {"ETag": etag, "Cache-Control": "no-cache"})

    _add_set(router, desk, "set", "Set one target", TargetAct, set_target, examples.SET_TARGET)
    _add_set(router, desk, "budget", "Set one budget", BudgetAct, set_budget, examples.SET_BUDGET)


def is_seen(item: SetTarget | SetBudget, lines: Lines | None) -> bool:
    """Whether a reader of these lines sees it: a target of all plants is everybody's."""
    if lines is None or not item.plant:
        return True
    return not lines.isdisjoint({(item.plant, None), (item.plant, item.line or None)})


def _add_set(
    router: APIRouter, desk: Desk, name: str, summary: str, model: type[Any],
    set_one: Callable[[Acting, Any], Awaitable[Done]], sample: Sample,
) -> None:  # fmt: skip
    @router.post(
        f"{_PATH}/{name}", summary=summary, operation_id=f"{name}_target",
        description=model.__doc__, openapi_extra=sample.described(json_body(model, sample.text)),
        responses=NOT_DONE, dependencies=[IDEMPOTENT],
    )  # fmt: skip
    async def set_(request: Request, by: By = "") -> Response:
        bearer = await desk.admit(request, Role.FINANCE)
        said, body = await read_act(request, model)

        async def act(acting: Acting) -> Done:
            require_match_if_sent(request, await version_of(acting.conn, *TABLES))
            return await set_one(acting, said)

        return await answer_act(desk, request, bearer, by, body, act)


async def set_target(acting: Acting, said: TargetAct) -> Done:
    """Set one target in the caller's transaction. Raises `RateFileError`, `OutOfScope`."""
    return await _set(acting, Target, said)


async def set_budget(acting: Acting, said: BudgetAct) -> Done:
    """Set one budget in the caller's transaction. Raises `RateFileError`, `OutOfScope`."""
    return await _set(acting, Budget, said)


async def _set(acting: Acting, model: type[Any], said: Any) -> Done:
    book = await load(acting.conn)
    fields = said.model_dump(exclude={"why"})
    try:
        zone = zone_of(said.plant, book)
        fields["effective_from"] = start_of(said.effective_from, zone, acting.now)
    except ValueError as error:
        raise RateFileError([f"effective_from: {error}"]) from None
    file = file_of_one(model, fields)
    done = await import_targets(acting.conn, file, book, "API", acting.actor, said.why)
    item = (*file.targets, *file.budgets)[0]
    headers = {"ETag": await version_of(acting.conn, *TABLES)}
    return Done({**item.model_dump(), "unchanged": done.unchanged == 1}, headers=headers)
