"""Files that finance sets: targets, bases, groups, standing costs and exchange rates."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, TypeVar

from asyncpg import Connection
from fastapi import APIRouter, Request, Response

from copq.access.authority import Actor
from copq.access.door import Role
from copq.bases.file import parse_base_file
from copq.bases.store import import_bases
from copq.currencies.file import parse_exchange_file
from copq.currencies.store import NoReportingCurrency, import_exchange, reporting_currency
from copq.desk import examples
from copq.desk.acts import NOT_DONE, By, require_match_if_sent
from copq.desk.desk import Acting, Desk
from copq.desk.once import IDEMPOTENT, Done, answer_act
from copq.desk.samples import Sample
from copq.desk.uploads import FileName, Perhaps, Upload, file_body, read_file
from copq.desk.versions import version_of
from copq.groups.file import parse_group_file
from copq.groups.store import import_groups
from copq.rates.book import RateBook
from copq.rates.store import load
from copq.standing_costs.file import parse_standing_costs
from copq.standing_costs.store import import_standing_costs
from copq.targets.file import parse_target_file
from copq.targets.store import import_targets

File = TypeVar("File")
Import = Callable[[Acting, Upload, str], Awaitable[Any]]
"""Imports a file for a reason, all or nothing, and returns a dataclass of counts."""


def _of_items(
    parse: Callable[[str, bytes], File],
    store: Callable[[Connection, File, RateBook, str, Actor, str], Awaitable[Any]],
) -> Import:
    async def import_file(acting: Acting, upload: Upload, why: str) -> Any:
        file = await asyncio.to_thread(parse, upload.name, upload.data)
        book = await load(acting.conn)
        return await store(acting.conn, file, book, upload.name, acting.actor, why)

    return import_file


async def import_exchange_rates(acting: Acting, upload: Upload, why: str) -> Any:
    """Raises `NoReportingCurrency`, `ExchangeFileError`, `OutOfScope`."""
    found = await reporting_currency(acting.conn)
    if found is None:
        raise NoReportingCurrency
    today = acting.now.date() + timedelta(days=1)
    rates = await asyncio.to_thread(
        parse_exchange_file, upload.name, upload.data, found.currency, today
    )
    return await import_exchange(acting.conn, rates, upload.name, acting.actor, why)


@dataclass(frozen=True, slots=True)
class Importable:
    """A kind of file that finance imports, where it is sent, and the tables that it is kept in."""

    path: str
    noun: str
    store: Import
    tables: tuple[str, ...]
    sample: Sample


IMPORTS = (
    Importable("/v1/targets", "targets and budgets",
               _of_items(parse_target_file, import_targets), ("target", "budget"),
               examples.TARGETS),
    Importable("/v1/bases", "bases of percentages", _of_items(parse_base_file, import_bases),
               ("base_amount",), examples.BASES),
    Importable("/v1/groups", "product groups", _of_items(parse_group_file, import_groups),
               ("group_member",), examples.GROUPS),
    Importable("/v1/standing-costs", "standing costs",
               _of_items(parse_standing_costs, import_standing_costs), ("standing_cost",),
               examples.STANDING_COSTS),
    Importable("/v1/exchange-rates", "exchange rates", import_exchange_rates,
               ("exchange_version",), examples.EXCHANGE_RATES),
)  # fmt: skip


def add_imports(router: APIRouter, desk: Desk) -> None:
    for kind in IMPORTS:
        _add_import(router, desk, kind)


def _add_import(router: APIRouter, desk: Desk, kind: Importable) -> None:
    @router.post(
        kind.path, summary=f"Import a file of {kind.noun}",
        operation_id=f"import_{kind.noun.replace(' ', '_')}", description=examples.IMPORT,
        openapi_extra=kind.sample.described(file_body(kind.sample.text, kind.sample.content_type)),
        responses=NOT_DONE, dependencies=[IDEMPOTENT],
    )  # fmt: skip
    async def import_(request: Request, name: FileName, why: Perhaps = "", by: By = "") -> Response:
        bearer = await desk.admit(request, Role.FINANCE)
        upload = Upload(name, await read_file(request))

        async def act(acting: Acting) -> Done:
            require_match_if_sent(request, await version_of(acting.conn, *kind.tables))
            return await import_upload(acting, kind, upload, why)

        return await answer_act(desk, request, bearer, by, upload.data, act)


async def import_upload(acting: Acting, kind: Importable, upload: Upload, why: str) -> Done:
    """Import a file in the caller's transaction. Raises what the desk turns into answers."""
    counts = asdict(await kind.store(acting, upload, why))
    return Done(counts, headers={"ETag": await version_of(acting.conn, *kind.tables)})
