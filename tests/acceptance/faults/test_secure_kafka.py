"""Brokers that ask who comes: every service gets in with its settings, and not without."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from aiokafka.errors import KafkaError

from copq.kafka.brokers import Brokers, brokers_from
from copq.kafka.topics import make_topics
from tests.support.faults.plant import Plant
from tests.support.faults.processes import Service, copq
from tests.support.faults.sender import Sender
from tests.support.faults.site import PARTITIONS, Site
from tests.support.kafka.fixtures import JARS
from tests.support.kafka.secure import PASSWORD, USER, SecureBroker, secure_broker
from tests.support.kafka.settings import free_ports

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    made = secure_broker(tmp_path_factory.mktemp("secure-kafka"), JARS)
    with made.broker:
        yield made


def by_password(secure: SecureBroker) -> tuple[str, dict[str, str]]:
    named = {"KAFKA_USERNAME": USER, "KAFKA_PASSWORD": PASSWORD}
    return secure.scram, {"KAFKA_CA_FILE": str(secure.ca_file), **named}


def by_certificate(secure: SecureBroker) -> tuple[str, dict[str, str]]:
    files = {"KAFKA_CA_FILE": str(secure.ca_file), "KAFKA_CERT_FILE": str(secure.client_pem)}
    return secure.mutual, files


Way = Callable[[SecureBroker], tuple[str, dict[str, str]]]


@pytest.fixture
async def site(database: str, tmp_path: Path) -> AsyncIterator[Site]:
    found = Site("", database, tmp_path)
    await found.import_rates()
    yield found
    found.close()


@pytest.mark.parametrize(
    "ways",
    [
        pytest.param((by_password, by_certificate, by_password), id="both"),
        pytest.param((by_password,) * 3, id="by password", marks=pytest.mark.soak),
        pytest.param((by_certificate,) * 3, id="by certificate", marks=pytest.mark.soak),
        pytest.param(
            (by_certificate, by_password, by_certificate), id="turned", marks=pytest.mark.soak
        ),
    ],
)
async def test_an_event_goes_from_http_to_the_ledger_through_a_secure_broker(
    secure: SecureBroker, site: Site, monkeypatch: pytest.MonkeyPatch, ways: Sequence[Way]
) -> None:
    """Ingest, costing and the aggregator, each in its way."""
    plant, [port] = Plant(3), free_ports(1)
    await make_topics(brokers_from(*by_password(secure)), PARTITIONS)
    ingest = ("ingest", "--no-auth", "--port", str(port), "--kafka")
    starts: tuple[Callable[[], Service], ...] = (
        lambda: site.service("ingest", *ingest, site.bootstrap).start(),
        site.costing, site.aggregator,
    )  # fmt: skip
    for way, start in zip(ways, starts, strict=True):
        with monkeypatch.context() as environment:
            site.bootstrap, variables = way(secure)
            for name, value in variables.items():
                environment.setenv(name, value)
            start()
    sender = Sender(port)
    await sender.is_answered()
    facts = plant.make(200)
    assert await sender.post(facts) == 202
    await site.has_more_than(len({fact.event_id for fact in facts}))
    await site.figures_are_right(list({fact.event_id: fact for fact in facts}.values()))


@pytest.mark.parametrize(
    "wrong",
    [
        {"KAFKA_PASSWORD": "guessed", "KAFKA_USERNAME": USER},
        {},  # no certificate and no password
    ],
)
async def test_who_is_not_known_does_not_get_in(
    secure: SecureBroker, wrong: Mapping[str, str]
) -> None:
    environment = {"KAFKA_CA_FILE": str(secure.ca_file), **wrong}
    address = secure.scram if wrong else secure.mutual
    with pytest.raises(KafkaError):
        await make_topics(brokers_from(address, environment), PARTITIONS)


def test_plain_text_leaves_the_machine_only_when_asked_for_by_name() -> None:
    refused = copq("ingest", "--no-auth", "--kafka", "broker.example.com:9092", code=2)
    assert "--plaintext" in refused


def test_a_password_is_never_shown() -> None:
    assert PASSWORD not in repr(Brokers("a:1", USER, PASSWORD))
