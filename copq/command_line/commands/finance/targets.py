"""`copq targets`: what COPQ should stay below, and what a month may lose."""

import asyncio
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer
from asyncpg import Connection
from pydantic import ValidationError

from copq.command_line.acting import ByOption, WhyOption
from copq.command_line.commands.finance.importing import import_as_finance, read_or_refuse
from copq.command_line.database import (
    DATA,
    DatabaseOption,
    DataOption,
    connected,
    database,
    query_database,
)
from copq.command_line.options import JsonOption
from copq.command_line.terminal import (
    count_of,
    fail,
    money,
    one_of,
    out,
    percent,
    print_json,
    table,
)
from copq.improvement.coq_report import COPQ, COSTS
from copq.rates.book import RateBook
from copq.rates.store import load
from copq.schemas.targets import WINDOWS, Budget, Target, TargetFile
from copq.targets.book import SetBudget, SetTarget, Standing, standings
from copq.targets.file import read_target_file
from copq.targets.one import start_of, zone_of
from copq.targets.store import Imported, history, import_targets

app = typer.Typer(
    help="Targets of COPQ by plant, line, product and window, and the budget of a month.",
    no_args_is_help=True,
)
PlantOption = Annotated[str | None, typer.Option(help="Of this plant; without it, of all.")]
LineOption = Annotated[str | None, typer.Option(help="Of this line of the plant.")]
FromOption = Annotated[
    str, typer.Option("--from", help="In force from this day (of the plant) or instant; now.")
]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A target file (YAML); see docs/targets.md.")],
    by: ByOption = "",
    why: WhyOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Import a target file, as a whole or not at all. Other targets stay as they are.

    For finance: once a finance token exists, COPQ_TOKEN must hold one.

    Example: copq targets import targets.yaml
    """
    targets = read_or_refuse(read_target_file, file)
    imported = _store(targets, file.name, by, why, database_url, data)
    if as_json:
        print_json({n: getattr(imported, n) for n in ("targets", "budgets", "unchanged")})
        return
    out.print(
        f"{count_of(imported.targets, 'target')} and {count_of(imported.budgets, 'budget')} set, "
        f"{imported.unchanged} unchanged."
    )


@app.command("set", context_settings={"ignore_unknown_options": True})  # -3% is not an option
def set_(
    ratio: Annotated[str, typer.Argument(help='3% or 0.03; "none" removes the target.')],
    plant: PlantOption = None,
    line: LineOption = None,
    product: Annotated[str | None, typer.Option(help="Of this product.")] = None,
    window: Annotated[
        str | None, typer.Option(help=f"Of this window: {', '.join(WINDOWS)}.")
    ] = None,
    start: FromOption = "",
    by: ByOption = "",
    why: WhyOption = "",
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Set one target. The most specific one counts: product, then line, then plant, then all.

    For finance: once a finance token exists, COPQ_TOKEN must hold one.

    Example: copq targets set 3% --plant north --line L1 --window 1h
    """
    wanted = share(ratio)
    if wanted is not None and not 0 <= wanted <= 1:
        said = f"{(wanted * 100).normalize():f} %"
        fail(f'"{ratio}" is {said}: a target is from 0 to 100 %, as 3% or 0.03')
    if line and not plant:
        fail(f"--line {line} is of which plant? Give --plant too")
    asked = {
        "plant": plant, "line": line, "product": product, "window": window, "ratio": wanted,
        "effective_from": start,
    }  # fmt: skip
    item = _set(Target, asked, by, why, database_url, data)
    what = "No target" if wanted is None else f"Target {percent(wanted)}"
    out.print(f"{what} {_describe_scope(item)}.")


@app.command("budget")
def budget(
    amount: Annotated[str, typer.Argument(help='Money a month; "none" removes the budget.')],
    plant: Annotated[str, typer.Option(help="Of this plant.")],
    line: LineOption = None,
    category: Annotated[
        str | None,
        typer.Option(
            help=f"Of this category: {', '.join(COSTS)}; without it, of COPQ.",
            callback=one_of(COSTS),
        ),
    ] = None,
    start: FromOption = "",
    by: ByOption = "",
    why: WhyOption = "",
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Set what COPQ, or a category of the cost of quality, may cost in a month.

    The amount is in the plant's currency.

    For finance: once a finance token exists, COPQ_TOKEN must hold one.

    Example: copq targets budget 40000 --plant north
    """
    asked = {
        "plant": plant, "line": line, "category": category, "amount": _figure(amount),
        "effective_from": start,
    }  # fmt: skip
    item = _set(Budget, asked, by, why, database_url, data)
    what = "No budget" if item.amount is None else f"Budget of {item.amount:,f} a month"
    out.print(f"{what} {_describe_scope(item)}.")


@app.command("list")
def list_(
    as_json: JsonOption = False, database_url: DatabaseOption = None, data: DataOption = DATA
) -> None:
    """List what was set, and what is in force now."""

    async def ask(conn: Connection) -> tuple[list[SetTarget], list[SetBudget], RateBook]:
        return *await history(conn), await load(conn)

    targets, budgets, book = query_database(ask, database_url, data)
    if as_json:
        print_json({"targets": list(map(_json, targets)), "budgets": list(map(_json, budgets))})
        return
    _show(targets, budgets, book)


def _store(
    file: TargetFile, source: str, by: str, why: str, url: str | None, data: Path
) -> Imported:
    return import_as_finance(
        import_targets, file, source, by, why, url, data, refused="nothing was set"
    )


def _set(
    model: type[Any], asked: dict[str, Any], by: str, why: str, url: str | None, data: Path
) -> Any:
    """Set one item and return it. A day begins at the plant's midnight; without a plant, in UTC."""
    with database(url, data) as dsn:
        asked["effective_from"] = _instant(asked["effective_from"], asked["plant"], dsn)
        try:
            item = model(**asked)
        except ValidationError as error:
            fail("; ".join(map(_explain_error, error.errors())))
        kind = "targets" if model is Target else "budgets"
        _store(TargetFile.model_validate({kind: (item,)}), "copq targets", by, why, dsn, data)
        return item


_SCOPE = ("plant", "line", "product", "window", "category")


def _describe_scope(item: Target | Budget) -> str:
    """Scope and start: "of plant north, line L1, window 1h, from 2026-01-31T05:00:00Z"."""
    scope = ((name, getattr(item, name, None)) for name in _SCOPE)
    where = ", ".join(f"{name} {value}" for name, value in scope if value) or "all plants"
    return f"of {where}, from {item.effective_from:%Y-%m-%d %H:%M %Z}"


def _explain_error(error: Any) -> str:
    option = f"--{error['loc'][0]}" if error["loc"] else ""
    if error["type"] == "literal_error":
        return f'{option} is one of {", ".join(WINDOWS)}; not "{error["input"]}"'
    if error["type"] == "greater_than_equal":
        return f"{error['input']} is less than nothing: give 0 or more, or none"
    if error["type"] == "decimal_max_places":
        return f"{error['input']} has more than {error['ctx']['decimal_places']} decimal places"
    said = error["msg"].removeprefix("Value error, ")
    return f"{option}: {said[0].lower()}{said[1:]}".removeprefix(": ")


def _instant(text: str, plant: str | None, dsn: str) -> datetime:
    now = datetime.now(UTC)
    try:
        return start_of(text, asyncio.run(_zone(dsn, plant)) if text else UTC, now)
    except ValueError as error:
        fail(f"--from: {error}")


async def _zone(dsn: str, plant: str | None) -> tzinfo:
    async with connected(dsn) as conn:
        return zone_of(plant, await load(conn))


def share(text: str) -> Decimal | None:
    """The share that `3%` or `0.03` means; None for `none`. Ends the command for other texts."""
    if text.endswith("%"):
        figure = _figure(text.removesuffix("%").strip())
        return None if figure is None else figure / 100
    return _figure(text)


def _figure(text: str) -> Decimal | None:
    try:
        return None if text == "none" else Decimal(text)
    except InvalidOperation:
        fail(f'"{text}" is not a figure: write 3% or 0.03, 40000, or none')


def _json(item: SetTarget | SetBudget) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__dataclass_fields__}


def _when(at: datetime, plant: str, book: RateBook) -> str:
    """The time on the plant's clocks; in UTC if it is for all plants."""
    site = book.sites.get(plant)
    zone = site.calendar.zone if site else UTC
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M} {zone}"


def _show(targets: list[SetTarget], budgets: list[SetBudget], book: RateBook) -> None:
    if not targets and not budgets:
        out.print("No target is set. Set one with: copq targets set 3% --plant PLANT")
        return
    now = datetime.now(UTC)
    rows = [
        (
            *(part or "all" for part in (t.plant, t.line, t.product, t.window)),
            _when(t.effective_from, t.plant, book),
            _percent(t.ratio),
            "yes" if is_now is Standing.IN_FORCE and t.ratio is not None else "",
        )
        for t, is_now in zip(targets, standings(targets, now), strict=True)
    ]
    columns = ["plant", "line", "product", "window", "from", "target", "in force"]
    table("Targets of COPQ over cost of production", columns, rows, left=5)
    money_rows = [
        (b.plant, b.line or "all", b.category or COPQ, _when(b.effective_from, b.plant, book),
         "none" if b.amount is None else _budget(b, book))
        for b in budgets
    ]  # fmt: skip
    if money_rows:
        columns = ["plant", "line", "of", "from", "money"]
        table("Budgets of a month", columns, money_rows, left=4)


def _percent(ratio: Decimal | None) -> str:
    return "none" if ratio is None else percent(ratio)


def _budget(budget: SetBudget, book: RateBook) -> str:
    assert budget.amount is not None
    site = book.sites.get(budget.plant)
    currency = site.currency_at(budget.effective_from) if site else ""
    return f"{money(budget.amount, currency)} {currency}".strip()
