"""HTTP connections with limits: on how many there are, on the size of a head and on its time.

uvicorn bounds none of the three. Its protocol is a class that may be replaced (`uvicorn.Config`'s
`http`); this one adds the limits and leaves everything else to it. ADR 33 compares servers.
"""

import asyncio
import resource
import sys
from asyncio import TimerHandle

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD = 64 * 1024
"""Bytes of a request line with its headers, and of trailers."""

HEAD_S = 10.0
"""A head is complete so soon after its connection is made, or after its first byte."""

LINGER_S = 1.0
"""How long the answer to a refused connection may be read before it is closed."""

DRAIN_S = 5.0
DRAIN_BYTES = 8 << 20
"""For so long and so far a body is still read that was answered before its end, so that its sender
sees the answer; then the connection is closed."""

MAX_CONNECTIONS = 4_096
_SWITCHING = (b"upgrade", b"connection", b"http2-settings")
FILES_FOR_OTHERS = 128
"""Open files that connections leave to Postgres, Kafka and files."""


class BoundedHttp(HttpToolsProtocol):
    """A connection that is closed with 431, 408 or 503 once it passes a limit."""

    _head = 0
    """Bytes since the head began; within a body, since its last piece (trailers have no end)."""
    _fields = 0
    """Bytes of the headers and trailers of this request."""
    _in_body = False
    _is_switching = False
    """Whether this head asks for another protocol, as Java's client does: answered in this one."""
    _data = b""
    _refused = False
    _timer: TimerHandle | None = None
    _drained = 0
    """Bytes of a body since its answer."""
    _draining: TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > connection_limit():
            self._close(b"503 Service Unavailable", b"too many connections", b"retry-after: 5\r\n")
            return
        self._await_head()

    def data_received(self, data: bytes) -> None:
        if self._timer is None and not self._in_body:
            self._await_head()
        if self._refused:
            return
        self._head += len(data)
        self._data = data
        super().data_received(data)
        self._data = b""
        if self._head > MAX_HEAD:
            self._refuse_head()

    def on_message_begin(self) -> None:
        self._fields = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._fields += len(name) + len(value) + 4
        if self._fields > MAX_HEAD and not self._refused:
            self._refuse_head()

    def on_headers_complete(self) -> None:
        self._head_is_complete()
        self._is_switching = self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"
        self._in_body = not self._is_switching
        if self._in_body and not self._refused:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._head = 0
        if self._draining is not None:
            self._drained += len(body)
            if self._drained > DRAIN_BYTES:
                self._hang_up()
        if not self._refused:
            super().on_body(body)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        answered = self.cycle is not None and self.cycle.response_complete
        if self._in_body and answered and self._draining is None and not self._refused:
            self._drained = 0
            self._draining = self.loop.call_later(DRAIN_S, self._hang_up)

    def on_message_complete(self) -> None:
        self._in_body = False
        self._end_draining()
        if not self._refused and not self._is_switching:
            super().on_message_complete()

    def _unsupported_upgrade_warning(self) -> None:
        """uvicorn calls this where its parser stops at a request for another protocol, and would
        drop its body. Read the request again as if it did not ask."""
        stopped = sys.exc_info()[1]
        if self._refused or not isinstance(stopped, httptools.HttpParserUpgrade):
            return
        rest = self._data[stopped.args[0] :]
        head = self._head_in_this_protocol()
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        super().data_received(head + rest)

    def _head_in_this_protocol(self) -> bytes:
        """The head that was read, without the headers that ask for another protocol."""
        first = b"%s %s HTTP/1.1" % (self.parser.get_method(), self.url)
        kept = [b"%s: %s" % (n, v) for n, v in self.headers if n not in _SWITCHING]
        closes = any(n == b"connection" and b"close" in v.lower() for n, v in self.headers)
        kept += [b"connection: close"] if closes else []
        return b"\r\n".join([first, *kept, b"", b""])

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_complete()
        self._end_draining()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._timer = self.loop.call_later(HEAD_S, self._head_is_late)

    def _head_is_complete(self) -> None:
        self._head = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _head_is_late(self) -> None:
        self._close(b"408 Request Timeout", b"the headers come too slowly")

    def _refuse_head(self) -> None:
        limit = f"headers have at most {MAX_HEAD // 1024} KiB".encode()
        self._close(b"431 Request Header Fields Too Large", limit)

    def _close(self, status: bytes, why: bytes, more: bytes = b"") -> None:
        """Answer why, then close: with a connection that is reset at once the answer is lost."""
        if self._refused:
            return
        self._head_is_complete()
        self._refused = True
        if not self._is_answering():
            self._write(status, why, more)
        self._hang_up()

    def _hang_up(self) -> None:
        """Read nothing more, and close when the client had time to read the answer."""
        self._refused = True
        self._end_draining()
        self._drop_requests()
        if self.transport.is_closing():
            return
        self.transport.pause_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(LINGER_S, self.transport.close)

    def _end_draining(self) -> None:
        if self._draining is not None:
            self._draining.cancel()
            self._draining = None

    def _is_answering(self) -> bool:
        cycle = self.cycle
        return cycle is not None and cycle.response_started and not cycle.response_complete

    def _drop_requests(self) -> None:
        """As if the client had hung up: tasks that still answer must not write after this."""
        self.pipeline.clear()
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def _write(self, status: bytes, why: bytes, more: bytes) -> None:
        body = b'{"error": "%s"}' % why
        self.transport.write(
            b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
            b"%sconnection: close\r\n\r\n%s" % (status, len(body), more, body)
        )


def connection_limit() -> int:
    """Simultaneous connections: the limit of open files, less those for other uses."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(MAX_CONNECTIONS, max(files - FILES_FOR_OTHERS, 16))


def allow_open_files() -> None:
    """Raise this process's limit of open files as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + FILES_FOR_OTHERS
    best = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft < best:
        resource.setrlimit(resource.RLIMIT_NOFILE, (best, hard))
