"""Whether a broker answers, asked in Kafka's own protocol.

No client library takes part, so it also works inside a running event loop and says nothing in
the log while the broker is not there yet.
"""

import socket
import struct

_TIMEOUT = 2.0
_NO_TOPICS = 0
_METADATA = 3
_VERSION = 4
_CORRELATION = 1
_ANONYMOUS = -1
# Key, version, correlation, client id; then the topics asked for and whether to create them.
_BODY = struct.pack(">hhihi?", _METADATA, _VERSION, _CORRELATION, _ANONYMOUS, _NO_TOPICS, False)
_REQUEST = struct.pack(">i", len(_BODY)) + _BODY
# Size, correlation, throttle time, number of brokers.
_ANSWER = struct.Struct(">iiii")


def answers(port: int) -> bool:
    """True once the broker lists itself: it is then registered and open for clients."""
    try:
        with socket.create_connection(("127.0.0.1", port), _TIMEOUT) as connection:
            connection.sendall(_REQUEST)
            return _brokers(connection) > 0
    except OSError:
        return False


def _brokers(connection: socket.socket) -> int:
    with connection.makefile("rb") as stream:
        head = stream.read(_ANSWER.size)
    if len(head) < _ANSWER.size:
        return 0
    return int(_ANSWER.unpack(head)[3])
