"""New partitions need both tables alone, and who reads both does not wait for them in a circle."""

import asyncio

import asyncpg


async def _is_waiting(conn: asyncpg.Connection, pid: int) -> bool:
    query = (
        "select wait_event is not null and state = 'active' from pg_stat_activity where pid = $1"
    )
    return bool(await conn.fetchval(query, pid))


async def test_a_reader_of_the_ledger_then_reads_events_while_partitions_are_made(
    conn: asyncpg.Connection, database: str
) -> None:
    reader, watching = await asyncpg.connect(database), await asyncpg.connect(database)
    transaction = reader.transaction()
    await transaction.start()
    await reader.fetch("select from copq.ledger")
    making = asyncio.create_task(
        conn.fetchval("select copq.make_partitions('2031-01-01', '2031-01-01')")
    )
    while not await _is_waiting(watching, conn.get_server_pid()):
        await asyncio.sleep(0.01)
    await reader.fetch("select from copq.event")
    await transaction.rollback()
    assert await making == 2
    await reader.close()
    await watching.close()
