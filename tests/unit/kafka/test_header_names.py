"""Batches in which a header's name is not a text are read to their end, as any other."""

from typing import Any

import pytest
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.memory_records import MemoryRecords

from copq.kafka.header_names import check_names, read_any_names
from copq.schemas.refusal import Refused
from tests.support.kafka.hostile_names import Raw, builder

GZIP = 1
HEADERS: list[list[tuple[str, bytes | None]]] = [
    [], [(Raw(b"ce_\xff\xfe"), b"x"), ("näme", None)], [("fine", b"y")],
]  # fmt: skip


def _batch(codec: int = 0, headers: list[Any] = HEADERS) -> bytes:
    made = builder(codec)
    for number, found in enumerate(headers):
        made.append(number, 1_000, b"key", b"value %d" % number, found)
    return bytes(made.build())


def _read(data: bytes) -> list[Any]:
    read_any_names()
    records, found = fetcher.MemoryRecords(data), []
    while records.has_next():
        batch = records.next_batch()
        assert batch.validate_crc() and not batch.is_control_batch
        found += list(batch)
    return found


@pytest.mark.parametrize("codec", [0, GZIP])
def test_a_name_that_is_no_text_is_read_with_a_mark_for_each_byte(codec: int) -> None:
    found = _read(_batch(codec) + _batch(codec, [[("other", b"z")]]))
    assert [record.value for record in found] == [b"value 0", b"value 1", b"value 2", b"value 0"]
    assert [record.offset for record in found] == [0, 1, 2, 0]
    assert [list(record.headers) for record in found] == [
        [], [("ce_\ufffd\ufffd", b"x"), ("näme", None)], [("fine", b"y")], [("other", b"z")],
    ]  # fmt: skip


def test_a_batch_cut_short_waits_for_its_rest() -> None:
    records = fetcher.MemoryRecords(_batch()[:-1])
    assert not records.has_next() and records.size_in_bytes() > 0


def test_what_is_broken_otherwise_is_broken_still() -> None:
    data = bytearray(_batch())
    data[61] ^= 0x02  # the first record's length
    read_any_names()
    with pytest.raises(CorruptRecordException):
        list(fetcher.MemoryRecords(bytes(data)).next_batch())


def test_a_name_that_was_none_is_refused_by_name() -> None:
    check_names([("ce_id", b"1"), ("näme", b"2")])
    with pytest.raises(Refused, match='header "ce_\ufffd" is not UTF-8'):
        check_names([("ce_id", b"1"), ("ce_\ufffd", b"2")])


def test_aiokafka_itself_still_stumbles_and_so_needs_this() -> None:
    with pytest.raises((UnicodeDecodeError, CorruptRecordException)):
        list(MemoryRecords(_batch()).next_batch())
