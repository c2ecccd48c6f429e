"""A fix for connections that a broker has just closed while aiokafka still writes to them.

asyncio ignores such a write. uvloop raises a `RuntimeError`, where aiokafka expects an `OSError`:
the task that fetches for a consumer ends, and the consumer waits for records for ever. Written for
aiokafka 0.14.
"""

from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError

_send = AIOKafkaConnection.send


def expect_closed_connections() -> None:
    """Make all clients of this process retry after a connection was closed."""
    AIOKafkaConnection.send = _send_if_open


def _send_if_open(connection: Any, *request: Any, **more: Any) -> Any:
    writer = connection._writer
    if writer is not None and writer.is_closing():
        connection.close(reason=CloseReason.CONNECTION_BROKEN)
        raise KafkaConnectionError(f"Connection at {connection.host}:{connection.port} is closed")
    return _send(connection, *request, **more)
