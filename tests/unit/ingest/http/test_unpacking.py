"""Compressed bodies, whole, cut off, joined, false, and bombs."""

import asyncio
import gzip
import time
import zlib
from collections.abc import Callable
from functools import cache

import pytest
from backports import zstd

from copq.ingest.http.turned_away import TurnedAway
from copq.ingest.http.unpacking import FREE, PIECE, unpacker
from tests.support.building import defect
from tests.support.ingest.http.serving import NDJSON, Kept, Turnstile, served

TEXT = b"\n".join(defect(f"e{n}", "2026-03-02T10:00:00Z") for n in range(3_000))
PACK: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "zstd": zstd.compress}
both = pytest.mark.parametrize("coding", PACK)


@cache
def bomb(coding: str) -> bytes:
    return PACK[coding](b"\n" * (20 * FREE))


def unpacked(coding: str, *parts: bytes) -> bytes:
    unpacks = unpacker(coding)
    pieces = [piece for part in parts for piece in unpacks.unpack(part)]
    unpacks.finish()
    assert max(map(len, pieces), default=0) <= PIECE
    return b"".join(pieces)


@both
def test_any_cut_gives_the_same(coding: str) -> None:
    packed = PACK[coding](TEXT)
    for size in (1, 7, 1_000, len(packed)):
        parts = [packed[at : at + size] for at in range(0, len(packed), size)]
        assert unpacked(coding, *parts) == TEXT


@both
def test_streams_one_after_another_are_one_body(coding: str) -> None:
    pack = PACK[coding]
    assert unpacked(coding, pack(b"a") + pack(b"b"), pack(TEXT)) == b"ab" + TEXT
    half = len(pack(TEXT)) // 2
    assert unpacked(coding, pack(b"a") + pack(TEXT)[:half], pack(TEXT)[half:]) == b"a" + TEXT


@both
def test_what_is_cut_off_or_false_is_400(coding: str) -> None:
    packed = PACK[coding](TEXT)
    for parts in ((packed[:-5],), (packed[: len(packed) // 2],), (b"",), (TEXT,), (packed, b"xx")):
        with pytest.raises(TurnedAway) as turned:
            unpacked(coding, *parts)
        assert turned.value.status == 400


@both
def test_a_bomb_is_turned_away_while_it_expands(coding: str) -> None:
    given = 0
    with pytest.raises(TurnedAway) as turned:
        for piece in unpacker(coding).unpack(bomb(coding)):
            given += len(piece)
    assert turned.value.status == 413
    assert given < FREE + 251 * len(bomb(coding))


def test_a_window_that_no_memory_should_hold_is_refused() -> None:
    options: dict[int, int] = {zstd.CompressionParameter.window_log: 27}
    packed = zstd.compress(TEXT * 100, options=options)
    with pytest.raises(TurnedAway) as turned:
        unpacked("zstd", packed)
    assert turned.value.status == 400


def test_gzip_of_many_equal_events_is_no_bomb() -> None:
    assert len(unpacked("gzip", zlib.compress(TEXT * 50, wbits=31))) == 50 * len(TEXT)


@both
async def test_a_compressed_body_is_read_as_the_plain_one(coding: str) -> None:
    intake = Kept()
    async with served(intake) as service:
        said = await service.post(PACK[coding](TEXT), {**NDJSON, "content-encoding": coding})
        burst = await service.post(bomb(coding), {**NDJSON, "content-encoding": coding})
    assert said.status_code == 202 and len(intake.events) == 3_000
    assert burst.status_code == 413


@both
async def test_frames_with_nothing_in_them_are_refused_and_keep_nobody_waiting(coding: str) -> None:
    body = PACK[coding](b"") * 300_000
    async with served(Kept()) as at:
        flood = asyncio.create_task(at.post(body, NDJSON, **{"content-encoding": coding}))
        waits = []
        while not flood.done():
            began = time.monotonic()
            await at.client.get("/healthz")
            waits.append(time.monotonic() - began)
        assert (await flood).status_code == 413
        assert max(waits) < 2


@both
async def test_a_body_costs_what_came_over_the_wire_where_that_is_more(coding: str) -> None:
    body = PACK[coding](b"") * 900
    async with served(Kept(), Turnstile(size=len(body) - 1)) as at:
        headers = {"content-encoding": coding, "authorization": "Bearer operator"}
        assert (await at.post(body, NDJSON, **headers)).status_code == 429


def test_an_event_a_frame_is_no_flood() -> None:
    for coding, pack in PACK.items():
        body = b"".join(pack(line + b"\n") for line in TEXT.split(b"\n"))
        assert unpacked(coding, body) == TEXT + b"\n"
