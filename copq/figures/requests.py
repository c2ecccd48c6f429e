"""Questions for figures as people write them: names in any spelling, times as text.

Commands and the API make the same requests, so both refuse in the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from asyncpg import Connection

from copq.figures.names import check_names
from copq.groups.store import groupings, groups_of_grouping
from copq.rates.book import RateBook
from copq.schemas.names import canonical
from copq.schemas.priced import ELEMENTS
from copq.schemas.refusal import none_of


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRequest:
    """The plant, line and product of a question; None means all."""

    plant: str | None = None
    line: str | None = None
    product: str | None = None

    def __post_init__(self) -> None:
        spell(self, "plant", "line", "product")

    async def check_names(self, conn: Connection, book: RateBook) -> None:
        """Raises `UnknownName` if a name is neither in the rates nor in a figure."""
        await check_names(conn, book, self.plant, self.line, self.product)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedRequest(FigureRequest):
    """A question that may be about product groups: of one group, or by group.

    `grouping` is what products are grouped by; it may be left out where there is only one.
    """

    group: str | None = None
    grouping: str | None = None

    def __post_init__(self) -> None:
        FigureRequest.__post_init__(self)
        spell(self, "group", "grouping")

    async def chosen_grouping(self, conn: Connection, by: Sequence[str] = ()) -> str | None:
        """The grouping of the question; None if it is not about groups.

        Raises `ValueError` if the group or grouping is unknown or not clear.
        """
        if self.group is None and "group" not in by:
            if self.grouping is not None:
                raise ValueError('grouping: name a group, or add "group" to by')
            return None
        grouping = choose_grouping(await groupings(conn, self.plant), self.grouping)
        if self.group is not None:
            check_choice(self.group, tuple(await groups_of_grouping(conn, grouping, self.plant)))
        return grouping

    async def usable_grouping(self, conn: Connection) -> str | None:
        """As `chosen_grouping`, of a question that groups are a part of wherever it is clear which.

        None: there is no grouping, or there are several, and none is named.
        """
        if self.group is not None or self.grouping is not None:
            return await self.chosen_grouping(conn, ("group",))
        known = await groupings(conn, self.plant)
        return known[0] if len(known) == 1 else None


def choose_grouping(known: Sequence[str], named: str | None) -> str:
    """The named grouping, or the only one. Raises `ValueError` if it is unknown or not clear."""
    if not known:
        raise ValueError("no product is in a group: set groups with: copq groups import FILE")
    if named is None and len(known) > 1:
        raise ValueError(f"grouping: choose what products are grouped by: {', '.join(known)}")
    check_choice(named, tuple(known))
    return named or known[0]


def spell(request: object, *fields: str) -> None:
    """Replace names with their canonical spelling."""
    for field in fields:
        name = getattr(request, field)
        object.__setattr__(request, field, name and canonical(name))


def check_choice(name: str | None, known: tuple[str, ...]) -> None:
    """Raises `ValueError` if the name is not one of the known names."""
    if name is not None and name not in known:
        raise ValueError(f'"{name}" {none_of(name, known)}')


def check_element(element: str | None) -> None:
    check_choice(element, ELEMENTS)
