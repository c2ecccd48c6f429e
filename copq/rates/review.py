"""What an approver should check before rates are in force. Pure functions of values."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Any

from copq.rates.book import History, RateBook, Versioned
from copq.rates.difference import ItemDifference, difference, figures, item_name, since
from copq.rates.file import items_of
from copq.rates.store import book_with, file_of
from copq.schemas.rates import (
    MINUTES_OF_AN_HOUR,
    PER_HOUR,
    PER_MINUTE,
    ZERO,
    CostTable,
    PlantCurrency,
    RateFile,
)


@dataclass(frozen=True, slots=True)
class Concern:
    """`kind`: gap, overlap, cheaper stage, jump, lost or currency; `says` is a sentence."""

    kind: str
    item: str
    says: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.item}: {self.says}"


@dataclass(frozen=True, slots=True)
class Past:
    """Changes of the past: the number of items, and the start of the earliest."""

    items: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """A file compared with the book of `revision`."""

    revision: int
    changes: list[ItemDifference]
    concerns: list[Concern]
    past: Past | None


def review(book: RateBook, rates: RateFile, jump: Decimal, now: datetime) -> Review:
    """Compare a file with the book. `jump` is the share above which a change is surprising."""
    after = book_with(book, rates)
    changes = difference(file_of(book), file_of(after))
    with localcontext(prec=60):
        concerns = [*_concerns(book, after, jump), *_currencies(after, rates)]
    early = [c.effective_from for c in changes if c.effective_from < now and c.kind != "plant"]
    past = Past(len(early), min(early)) if early and book.revision else None
    return Review(book.revision, changes, concerns, past)


def _concerns(before: RateBook, after: RateBook, jump: Decimal) -> Iterator[Concern]:
    """The new concerns about each table or rate that the file changes."""
    old, new = _by_key(before), _by_key(after)
    for key, versions in new.items():
        known = {v.item.effective_from: v for v in old.get(key, ())}
        fresh = [v for v in versions if not _is_known(v, known)]
        if not fresh:
            continue
        name = item_name(key[0], fresh[0].item)
        history = History(versions)
        yield from (Concern(*c) for c in _edges(name, history, fresh))
        for versioned in fresh:
            if isinstance(versioned.item, CostTable):
                yield from _stages(name, versioned.item)
        for earlier, later in _pairs(history, fresh, known):
            yield from _surprises(name, earlier.item, later.item, jump)


def _is_known(versioned: Versioned[Any], known: dict[datetime, Versioned[Any]]) -> bool:
    found = known.get(versioned.item.effective_from)
    return found is not None and found.item == versioned.item


def _by_key(book: RateBook) -> dict[tuple[str, str], list[Versioned[Any]]]:
    versions = {id(v.item): v for _, _, v in book.named_items()}
    found: dict[tuple[str, str], list[Versioned[Any]]] = defaultdict(list)
    for kind, key, _, item in items_of(file_of(book)):
        if kind != "plant":
            found[kind, key].append(versions[id(item)])
    return found


def _edges(
    name: str, history: History[Any], fresh: list[Versioned[Any]]
) -> Iterator[tuple[str, str, str]]:
    """Gaps and overlaps between versions, and ends without a successor."""
    spans = history.spans()
    for (earlier, _, end), (later, start, _) in pairwise(spans):
        if earlier not in fresh and later not in fresh:
            continue
        if end is not None and end < start:
            yield "gap", name, f"nothing is in force from {since(end)} to {since(start)}"
        own_end = earlier.item.effective_to
        if own_end is not None and own_end > start:
            yield (
                "overlap", name,
                f"the version from {since(earlier.item.effective_from)} says that it holds to "
                f"{since(own_end)}, but the next begins {since(start)} and is in force from then",
            )  # fmt: skip
    last, _, end = spans[-1]
    if last in fresh and end is not None:
        yield "gap", name, f"nothing is in force from {since(end)} on"


def _stages(name: str, table: CostTable) -> Iterator[Concern]:
    """Stages that cost less than the one before: costs are cumulative, so this is a mistake."""
    for before, after in pairwise(table.stages):
        if after.cost < before.cost:
            says = (
                f"from {since(table.effective_from)}: stage {after.stage} costs {after.cost:f}, "
                f"less than {before.stage} before it ({before.cost:f})"
            )
            yield Concern("cheaper stage", name, says)


def _pairs(
    history: History[Any], fresh: list[Versioned[Any]], replaced: dict[datetime, Versioned[Any]]
) -> Iterator[tuple[Versioned[Any], Versioned[Any]]]:
    """Each new version paired with the versions before and after it and the one it replaces."""
    for earlier, later in pairwise(history.all()):
        if earlier in fresh or later in fresh:
            yield earlier, later
    for versioned in fresh:
        if versioned.item.effective_from in replaced:
            yield replaced[versioned.item.effective_from], versioned


def _surprises(name: str, old: Any, new: Any, jump: Decimal) -> Iterator[Concern]:
    at = f"from {since(new.effective_from)}"
    was, is_ = _in_one_unit(figures(old), figures(new))
    for figure in sorted(was.keys() - is_.keys() - {"effective_to"}):
        if not figure.startswith("stages."):
            yield Concern(
                "lost", name, f"{at}: {figure} was {_value_text(was[figure])}, and is gone"
            )
    if lost := set(was.get("stages", ())) - set(is_.get("stages", ())):
        yield Concern("lost", name, f"{at}: stage {', '.join(sorted(lost))} is gone")
    for figure in is_:
        before, after = was.get(figure), is_[figure]
        if not (isinstance(before, Decimal) and isinstance(after, Decimal)):
            continue
        if abs(after - before) > jump * before:
            move = f"{before.normalize():f} → {after.normalize():f}"
            says = f"{at}: {figure} {move} ({_change(before, after)})"
            yield Concern("jump", name, says)


def _in_one_unit(old: dict[str, Any], new: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The figures of both with time rates by the hour if one has them; missing additions are 0."""
    for minute in {name for name in (*old, *new) if name.endswith(PER_MINUTE)}:
        hour = minute.removesuffix(PER_MINUTE) + PER_HOUR
        if hour in old or hour in new:
            for item in (old, new):
                if minute in item:
                    item[hour] = item.pop(minute) * MINUTES_OF_AN_HOUR
    for name in {name for name in (*old, *new) if name in _ADDITIONS}:
        old.setdefault(name, ZERO)
        new.setdefault(name, ZERO)
    return old, new


_ADDITIONS = frozenset(
    name + unit for name in ("contribution", "planned_rate") for unit in (PER_MINUTE, PER_HOUR)
)


def _change(before: Decimal, after: Decimal) -> str:
    return f"{(after - before) / before:+.0%}" if before else "from nothing"


def _value_text(value: Any) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _currencies(book: RateBook, rates: RateFile) -> Iterator[Concern]:
    """Tables and rates in another currency than their plant: they price nothing there."""
    for table in rates.cost_tables:
        site = book.sites.get(table.plant or "")
        if site is not None and site.currency_at(table.effective_from) != table.currency:
            own = site.currency_at(table.effective_from)
            says = f"is in {table.currency}, the plant in {own}: it prices nothing there"
            yield Concern("currency", item_name("cost_table", table), says)
    for change in rates.plant_currencies:
        yield from _stale_currencies(book, change)


def _stale_currencies(book: RateBook, change: PlantCurrency) -> Iterator[Concern]:
    """Items in the old currency that are in force when a plant's currency changes."""
    site = book.sites[change.plant]
    for key, versions in _by_key(book).items():
        found = History(versions).at(change.effective_from)
        if found is None or getattr(found.item, "plant", None) != change.plant:
            continue
        own = getattr(found.item, "currency", site.currency_at(found.item.effective_from))
        if own != change.currency:
            says = (
                f"is in {own}, the plant in {change.currency} from "
                f"{since(change.effective_from)}: it prices nothing from then on. Add its successor"
            )
            yield Concern("currency", item_name(key[0], found.item), says)
