"""Records in, messages out."""

from datetime import UTC, datetime

from aiokafka.structs import ConsumerRecord

from copq.costing.batches import price_records
from copq.kafka.publish import LARGEST_MESSAGE
from copq.pricing.price_cache import Pricer
from tests.support.building import book, defect

AT = "2026-03-02T10:00:00+01:00"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def _record(key: bytes | None, value: bytes) -> ConsumerRecord:
    return ConsumerRecord("quality.events", 0, 7, 0, 0, key, value, None, 0, 0, ())


def test_a_key_stays_that_of_its_line() -> None:
    priced = price_records([_record(b"north/L1", defect("a", AT))], Pricer(book()), NOW).priced
    assert [key for key, *_ in priced] == [b"north/L1"]


def test_a_key_that_leaves_no_room_is_let_go() -> None:
    long = b"k" * 985_000
    batch = price_records([_record(long, defect("a", AT)), _record(long, b"x" * 48_000)],
                          Pricer(book()), NOW)  # fmt: skip
    for key, value, _ in batch.priced + batch.rejected:
        assert key is None and len(value) < LARGEST_MESSAGE
    assert (len(batch.priced), len(batch.rejected)) == (1, 1)
