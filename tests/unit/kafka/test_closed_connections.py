"""A request to a broker that has just closed the connection fails as aiokafka expects it."""

import asyncio

import pytest
import uvloop
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.admin import ListGroupsRequest

from copq.kafka.closed_connections import _send, expect_closed_connections


async def closed_connection() -> AIOKafkaConnection:
    """Closed from the other side, which aiokafka has not noticed yet."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    connection = AIOKafkaConnection(*server.sockets[0].getsockname())
    _, connection._writer = await asyncio.open_connection(connection.host, connection.port)
    connection._versions = {ListGroupsRequest.API_KEY: (0, 2)}
    connection._writer.transport.abort()
    await asyncio.sleep(0.01)
    server.close()
    return connection


async def ask_closed_connection() -> AIOKafkaConnection:
    connection = await closed_connection()
    with pytest.raises(KafkaConnectionError, match=r"127\.0\.0\.1:\d+ is closed"):
        connection.send(ListGroupsRequest())
    return connection


def test_a_request_to_a_closed_connection_is_a_broken_connection() -> None:
    expect_closed_connections()
    connection = uvloop.run(ask_closed_connection())
    assert not connection.connected()


def test_aiokafka_itself_still_stumbles_and_so_needs_this() -> None:
    async def ask() -> None:
        _send(await closed_connection(), ListGroupsRequest())

    with pytest.raises(RuntimeError, match="handler is closed"):
        uvloop.run(ask())
