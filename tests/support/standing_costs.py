"""Standing costs that tests are written with, and posting them as the service does."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from asyncpg import Connection

from copq.access.authority import Actor
from copq.posting.standing_costs import post_standing_costs
from copq.rates.store import load
from copq.schemas.standing_costs import StandingCostFile
from copq.standing_costs.store import Imported, import_standing_costs

CARLA = Actor("carla")


def cost(amount: Any = "3100", **more: Any) -> dict[str, Any]:
    """A calibration contract of plant north from March 2026 on."""
    known = {
        "plant": "north", "name": "calibration", "category": "appraisal", "element": "contracts",
        "currency": "EUR", "first_day": "2026-03-01",
    }  # fmt: skip
    return {**known, "amount": amount, **more}


def cost_file(*items: dict[str, Any]) -> StandingCostFile:
    return StandingCostFile.model_validate({"standing_costs": items})


async def set_costs(
    conn: Connection, *items: dict[str, Any], actor: Actor = CARLA, why: str = "contract"
) -> Imported:
    book = await load(conn)
    return await import_standing_costs(conn, cost_file(*items), book, "costs.csv", actor, why)


async def post_costs(conn: Connection, now: str) -> int:
    """Post at a time, and return the number of rows that were booked."""
    posted = await post_standing_costs(conn, await load(conn), datetime.fromisoformat(now))
    return sum(plant.rows for plant in posted)


async def cost_by_day(conn: Connection, grain: str = "day") -> dict[str, Decimal]:
    """What the rollups have of standing costs, by day or month and element."""
    rows = await conn.fetch(
        "select day, line, element, sum(net) as net from copq.rollup "
        "where grain = $1 and element like 'standing%' group by 1, 2, 3 "
        "having sum(net) <> 0 order by 1, 2, 3",
        grain,
    )
    return {f"{r['day']} {r['line']} {r['element'][9:]}".replace("  ", " "): r["net"] for r in rows}
