"""What a person has entered so far, kept until the rates are in the book."""

import json
from dataclasses import asdict, dataclass
from hashlib import sha256

from asyncpg import Connection

from copq.database.queries import Queries

_SQL = Queries.of(__file__)


@dataclass(frozen=True, slots=True)
class Draft:
    """The plant, and the texts of its lines and products as they were typed."""

    plant: str = ""
    time_zone: str = ""
    day_start: str = "06:00"
    currency: str = ""
    lines: str = ""
    products: str = ""

    @property
    def has_tables(self) -> bool:
        return bool(self.lines and self.products)

    @property
    def version(self) -> str:
        """Another one once anything of it has changed."""
        return sha256(json.dumps(asdict(self)).encode()).hexdigest()[:16]


async def kept_draft(conn: Connection, who: str) -> Draft:
    """The draft of a person; an empty one without any."""
    data = await conn.fetchval(*_SQL.kept_draft(who=who))
    return Draft(**json.loads(data)) if data else Draft()


async def keep_draft(conn: Connection, who: str, draft: Draft) -> None:
    """Keep it instead of the one before."""
    await drop_draft(conn, who)
    data = json.dumps(asdict(draft)).encode()
    await conn.execute(*_SQL.keep_draft(who=who, data=data))


async def drop_draft(conn: Connection, who: str) -> None:
    await conn.execute(*_SQL.drop_draft(who=who))
