"""Read records whose header names are not UTF-8. Anyone who may write to a topic may send one.

aiokafka decodes the names while it reads a batch, and raises in the middle: the batch is fetched
again and again, and no later record is ever read. Here such a batch is read once more, with U+FFFD
for the invalid bytes. Written for aiokafka 0.14, whose fetcher can only be changed by the class
that splits batches.
"""

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

from copq.kafka.headers import Read
from copq.schemas.refusal import Refusal, Refused, printable_name

_LENGTH, _BEHIND_LENGTH, _MAGIC = 8, 12, 16
"""The offsets in a batch of its length, of the counted part, and of its format version."""
_UNREADABLE = "\ufffd"


def read_any_names() -> None:
    """Make all consumers of this process accept any header name."""
    fetcher.MemoryRecords = _Records


def check_names(headers: Read) -> None:
    """Raise `Refused` if a header name could not be decoded."""
    for name, _ in headers:
        if _UNREADABLE in name:
            message = (
                f'the name of the header "{printable_name(name)}" is not UTF-8: fix the sender'
            )
            raise Refused(Refusal("bad_envelope", "headers", message))


class _Records:
    """Replaces aiokafka's `MemoryRecords`, and gets the same bytes."""

    def __init__(self, fetched: bytes) -> None:
        self._records = MemoryRecords(fetched)
        self._bytes = memoryview(fetched)
        self.size_in_bytes = self._records.size_in_bytes
        self.has_next = self._records.has_next

    def next_batch(self) -> Any:
        batch, whole = self._records.next_batch(), self._bytes
        behind = _BEHIND_LENGTH + int.from_bytes(whole[_LENGTH:_BEHIND_LENGTH])
        self._bytes = whole[behind:]
        has_headers = whole[_MAGIC] >= 2 and not batch.is_control_batch
        return _Batch(batch, whole[:behind]) if has_headers else batch


class _Batch:
    """A batch that is read again if a header name in it cannot be decoded."""

    def __init__(self, batch: Any, whole: memoryview) -> None:
        self._batch, self._whole = batch, whole

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator[Any]:
        try:
            return iter(list(self._batch))
        except (UnicodeDecodeError, CorruptRecordException):
            return _read_again(self._whole)


def _read_again(whole: memoryview) -> Iterator[Any]:
    """Read the batch in Python, slowly. Raises `CorruptRecordException` for any other fault."""
    batch = _DefaultRecordBatchPy(whole)
    unpacked: Iterator[Any] = iter(batch)
    batch._buffer = _Lenient(batch._buffer)
    return unpacked


class _Lenient(bytearray):
    """Bytes in which every part decodes to some text."""

    def __getitem__(self, at: Any) -> Any:
        part = super().__getitem__(at)
        return _Text(part) if isinstance(at, slice) else part


class _Text(bytes):
    def decode(self, *_: Any) -> str:
        return super().decode(errors="replace")
