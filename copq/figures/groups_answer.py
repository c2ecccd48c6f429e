"""Product groups as they are asked for, and their answer: commands, API and CSV render the same."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from asyncpg import Connection

from copq.figures.names import check_names
from copq.figures.requests import FigureRequest, check_choice, spell
from copq.figures.versions_answer import VersionsAnswer
from copq.groups.store import MemberVersion, groupings, groups_of_grouping, member_history
from copq.rates.book import RateBook

_COLUMNS = (
    "plant", "grouping", "product", "group", "effective_from", "version", "in_force", "set_at",
    "set_by", "source", "why",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupsRequest(FigureRequest):
    """Of a plant, product, grouping and group; `history` adds the versions that were replaced."""

    grouping: str | None = None
    group: str | None = None
    history: bool = False

    def __post_init__(self) -> None:
        FigureRequest.__post_init__(self)
        spell(self, "grouping", "group")


GroupsAnswer = VersionsAnswer[MemberVersion]


def _row_json(row: MemberVersion) -> dict[str, Any]:
    fields = asdict(row)
    return {"in_force": fields.pop("is_newest"), **fields}


async def answer_groups(
    conn: Connection, book: RateBook, request: GroupsRequest, now: datetime, most: int | None
) -> GroupsAnswer:
    """At most `most` rows; None: all of them.

    Raises `ValueError` on a plant, product, grouping or group that is not known. One snapshot.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        await check_names(conn, book, request.plant)
        await _check_group(conn, request)
        found = await member_history(
            conn, request.plant, request.grouping, request.group, request.product
        )
        if not found:
            await request.check_names(conn, book)
    rows = [row for row in found if request.history or row.is_newest]
    return VersionsAnswer(now, rows[:most], len(rows), _COLUMNS, _row_json)


async def _check_group(conn: Connection, request: GroupsRequest) -> None:
    known = await groupings(conn, request.plant)
    if request.grouping is not None:
        check_choice(request.grouping, tuple(known))
        known = [request.grouping]
    groups = [g for name in known for g in await groups_of_grouping(conn, name, request.plant)]
    check_choice(request.group, tuple(dict.fromkeys(groups)))
