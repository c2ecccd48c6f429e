"""What a connection may cost before anybody knows who it is: its head, its time, its number."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from copq.access.door import OpenDoor
from copq.ingest.http import make_http
from copq.schemas.examples import EXAMPLES
from copq.web import connections, serving
from copq.web.connections import MAX_HEAD
from tests.support.ingest.http.serving import Kept, served
from tests.support.kafka.settings import free_ports
from tests.support.patience import PATIENCE_S

GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def status(reader: asyncio.StreamReader) -> int:
    async with asyncio.timeout(PATIENCE_S):
        return int((await reader.readline()).split()[1])


async def is_closed(reader: asyncio.StreamReader) -> bool:
    with suppress(ConnectionResetError):
        async with asyncio.timeout(PATIENCE_S):
            while await reader.read(65536):
                pass
    return True


@pytest.mark.parametrize(
    "head",
    [
        GET + b"X: " + b"x" * 20_000_000,
        GET + b"".join(b"X-%d: %s\r\n" % (n, b"x" * 100) for n in range(200_000)),
        b"GET /" + b"x" * 20_000_000,
        GET + b"X: " + b"x" * (MAX_HEAD + 1) + b"\r\n\r\n",
    ],
)
async def test_a_head_without_end_is_refused_before_it_is_kept(head: bytes) -> None:
    async with served(Kept()) as at, connected(at.port) as (reader, writer):
        writer.write(head)
        assert await status(reader) == 431
        assert await is_closed(reader)


async def test_a_head_just_below_the_limit_is_read() -> None:
    async with served(Kept()) as at, connected(at.port) as (reader, writer):
        writer.write(GET + b"X: " + b"x" * (MAX_HEAD - 1000) + b"\r\n\r\n")
        assert await status(reader) == 200


async def test_trailers_are_part_of_the_head() -> None:
    async with served(Kept()) as at, connected(at.port) as (reader, writer):
        writer.write(
            b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        writer.write(b"0\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"x" * 100) for n in range(2_000)))
        assert await status(reader) == 431


@pytest.mark.parametrize("before", [b"", GET + b"\r\n"])
async def test_a_head_that_comes_slowly_is_cut_off(
    before: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.5)
    async with served(Kept()) as at, connected(at.port) as (reader, writer):
        writer.write(before)
        if before:
            assert await status(reader) == 200
            while (await reader.readline()) != b"\r\n":
                pass
            await reader.readexactly(len(b'{"status":"ok"}'))
        writer.write(b"GET /healthz HTTP/1.1\r\n")
        assert await status(reader) == 408
        assert await is_closed(reader)


async def test_a_trailer_without_end_is_refused_before_it_is_kept() -> None:
    async with served(Kept()) as at, connected(at.port) as (reader, writer):
        writer.write(
            b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.write(b"0\r\nX: ")
        for _ in range(2):
            writer.write(b"x" * (MAX_HEAD - 1000))
            await asyncio.sleep(0.1)
        assert await status(reader) == 431
        assert await is_closed(reader)


async def test_a_request_that_offers_another_protocol_is_answered_in_this_one() -> None:
    """As Java's client does at first, also with a body."""
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEA\r\n"
    body = json.dumps({**EXAMPLES["scrap"], "event_id": "a"}).encode()
    post = b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head = b"Content-Length: %d\r\n\r\n" % len(body)
    kept = Kept()
    async with served(kept) as at, connected(at.port) as (reader, writer):
        for parts in ([post + offer + head + body], [post + offer + head, body], [GET + b"\r\n"]):
            for part in parts:
                writer.write(part)
                await asyncio.sleep(0.05)
            assert await status(reader) in (200, 202)
            length = 0
            while (line := await reader.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            await reader.readexactly(length)
        writer.write(post + offer.replace(b"Upgrade,", b"Upgrade, close,") + head + body)
        assert await status(reader) == 202
        assert await is_closed(reader)
    assert list(kept.events) == ["a"]


async def test_a_slow_head_behind_a_request_ends_both_without_a_fault(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.2)
    body = json.dumps({**EXAMPLES["scrap"], "event_id": "a"}).encode()
    async with (
        served(Kept(before=lambda: asyncio.sleep(0.6))) as at,
        connected(at.port) as (reader, writer),
    ):
        writer.write(b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\n")
        writer.write(b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body))
        writer.write(body)
        await asyncio.sleep(0.1)
        writer.write(b"GET /healthz")
        assert await status(reader) == 408
        assert await is_closed(reader)
        await asyncio.sleep(0.5)
    assert not caplog.records


async def test_an_idle_connection_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.2)
    async with served(Kept()) as at, connected(at.port) as (reader, _):
        assert await status(reader) == 408


async def test_more_connections_than_allowed_are_turned_away_and_the_others_are_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 5)
    async with served(Kept()) as at:
        idle = [connected(at.port) for _ in range(4)]  # next to the client's own
        for one in idle:
            await one.__aenter__()
        async with connected(at.port) as (reader, _):
            assert await status(reader) == 503
        for one in idle:
            await one.__aexit__(None, None, None)
        assert (await at.client.get("/healthz")).status_code == 200


async def test_large_bodies_are_no_head_and_pipelined_requests_are_all_answered() -> None:
    async with served(Kept()) as at, connected(at.port) as (reader, writer):
        large = b"x" * 200_000
        writer.write(
            b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s"
            % (len(large), large)
            + (GET + b"\r\n") * 20
        )
        said = b""
        async with asyncio.timeout(PATIENCE_S):
            while said.count(b"HTTP/1.1 200") < 20:
                said += await reader.read(65536)
        assert said.startswith(b"HTTP/1.1 404") and b"431" not in said


async def test_answers_tell_a_browser_what_it_may_not_do() -> None:
    async with served(Kept()) as at:
        for path in ("/healthz", "/v1/events", "/nowhere", "/openapi.json"):
            headers = (await at.client.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert "strict-transport-security" not in headers
        by_tls = await at.client.get("/healthz", headers={"x-forwarded-proto": "https"})
        assert by_tls.headers["strict-transport-security"] == "max-age=31536000"


ENDLESS = b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000000\r\n\r\n"


@pytest.mark.parametrize(("limit", "value"), [("DRAIN_S", 0.3), ("DRAIN_BYTES", 5_000)])
async def test_a_body_that_was_answered_and_never_ends_is_cut_off(
    limit: str, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each, no_limit in (("DRAIN_S", 3600), ("DRAIN_BYTES", 1 << 40)):
        monkeypatch.setattr(connections, each, value if each == limit else no_limit)
    async with served(Kept()) as at, connected(at.port) as (reader, writer):
        writer.write(ENDLESS)
        assert await status(reader) == 404
        closed = asyncio.create_task(is_closed(reader))
        async with asyncio.timeout(PATIENCE_S):
            while not closed.done():
                with suppress(ConnectionError):
                    writer.write(b"x" * 100)
                    await writer.drain()
                await asyncio.sleep(0.02)
        assert (await at.client.get("/healthz")).status_code == 200


async def test_a_handshake_that_never_comes_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(serving, "HEAD_S", 0.3)
    [port], stop = free_ports(1), asyncio.Event()
    tls = serving.Tls(*certificate(tmp_path))
    server = asyncio.create_task(
        serving.serve_http(make_http(Kept(), OpenDoor()), "127.0.0.1", port, stop, tls)
    )
    await asyncio.sleep(0.1)
    async with connected(port) as (reader, _), asyncio.timeout(40):  # less than asyncio's own limit
        assert await is_closed(reader)
    assert "create_server" not in vars(asyncio.get_running_loop())
    stop.set()
    await server


def certificate(folder: Path) -> tuple[Path, Path]:
    """Of this machine, signed by itself."""
    name, key = folder / "cert.pem", folder / "key.pem"
    subject = ("-subj", "/CN=localhost", "-keyout", str(key), "-out", str(name))
    made = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject)
    subprocess.run(made, check=True, capture_output=True)
    return name, key
