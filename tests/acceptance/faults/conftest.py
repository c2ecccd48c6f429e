"""A site for each test: its own database and topics, its own processes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from copq.kafka.brokers import Brokers
from copq.kafka.topics import make_topics
from tests.support.faults.own_postgres import OwnPostgres
from tests.support.faults.site import PARTITIONS, TOPICS, Site
from tests.support.kafka.broker import KafkaBroker


@pytest.fixture
async def site(bare_site: Site) -> Site:
    """On the shared broker, with empty topics and rates for all that the plant makes."""
    await bare_site.import_rates()
    return bare_site


@pytest.fixture
async def bare_site(kafka: KafkaBroker, database: str, tmp_path: Path) -> AsyncIterator[Site]:
    """As `site`, without rates."""
    found = Site(kafka.bootstrap, database, tmp_path)
    await found.make_anew(*TOPICS)
    yield found
    found.close()


@pytest.fixture
async def frail_site(own_kafka: KafkaBroker, database: str, tmp_path: Path) -> AsyncIterator[Site]:
    """As `site`, on a broker that the test may break."""
    await make_topics(Brokers(own_kafka.bootstrap), PARTITIONS)
    found = Site(own_kafka.bootstrap, database, tmp_path)
    await found.import_rates()
    yield found
    found.close()


@pytest.fixture
async def frail_ledger(
    kafka: KafkaBroker, tmp_path: Path
) -> AsyncIterator[tuple[Site, OwnPostgres]]:
    """As `site`, on a Postgres that the test may break."""
    postgres = await asyncio.to_thread(OwnPostgres, tmp_path / "data")
    found = Site(kafka.bootstrap, postgres.database, tmp_path)
    await found.make_anew(*TOPICS)
    await found.import_rates()
    yield found, postgres
    found.close()
    await asyncio.to_thread(postgres.close)
