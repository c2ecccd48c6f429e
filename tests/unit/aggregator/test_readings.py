"""An aggregator that prices events makes the same batch as costing and an aggregator do."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from aiokafka.structs import ConsumerRecord

from copq.aggregator.fetched_batch import Fetched
from copq.aggregator.readings import EventsToPrice, PricedEvents
from copq.costing.batches import price_records
from copq.kafka.headers import sender_headers
from copq.kafka.identity import LogIdentity
from copq.kafka.topics import EVENTS, PRICED
from copq.pricing.price_cache import Pricer
from copq.rates.file import parse_rates
from copq.rates.store import book_of
from copq.rates.watch import RateWatch
from tests.support.faults.plant import RATES, Plant, invalid

BOOK = book_of(parse_rates(RATES))
LOGS = {0: LogIdentity("first", 1)}


def records(topic: str, messages: list[tuple[bytes, Any]]) -> list[ConsumerRecord]:
    return [
        ConsumerRecord(topic, 0, offset, 0, 0, None, value, None, 0, 0, headers)
        for offset, (value, headers) in enumerate(messages)
    ]


def in_one_stage(sent: list[ConsumerRecord]) -> Fetched:
    watch = cast(RateWatch, SimpleNamespace(book=BOOK))
    return Fetched.of({0: sent}, LOGS, EventsToPrice(watch))


def in_two_stages(sent: list[ConsumerRecord]) -> Fetched:
    priced = price_records(sent, Pricer(BOOK), datetime.now(UTC)).priced
    messages = [(value, headers) for _, value, headers in priced]
    return Fetched.of({0: records(PRICED, messages)}, LOGS, PricedEvents())


def test_both_make_the_same_batch() -> None:
    facts = Plant(64, corrections=0.02).make(1_000)
    messages = [(fact.raw(), sender_headers("gateway")) for fact in facts]
    sent = records(EVENTS, [*messages, *messages[:10]])
    one, two = in_one_stage(sent), in_two_stages(sent)
    assert one.batch == two.batch and len(one.batch.seen) > 900
    assert not one.broken
    assert one.priced_with(BOOK).batch == two.priced_with(BOOK).batch == one.batch


def test_what_costing_refuses_is_kept_with_the_same_reason() -> None:
    wrong = invalid()
    found = in_one_stage(records(EVENTS, [(event.raw, []) for event in wrong]))
    assert [(e.code, e.field) for e in found.broken] == [(w.code, w.field) for w in wrong]
    assert not found.batch.rows
    assert len(found.priced_with(BOOK).broken) == len(wrong)
