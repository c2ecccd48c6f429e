"""The ingest service of the stream: HTTP, the form and MQTT in, Kafka out."""

import asyncio

from copq.access.door import OpenDoor
from copq.access.token_door import TokenDoor
from copq.ingest.http import make_http
from copq.ingest.kafka_intake import KafkaIntake
from copq.ingest.mqtt.service import MqttSource, beside_mqtt
from copq.ingest.names import Names
from copq.ingest.people import add_people, people_pool
from copq.kafka.brokers import Brokers
from copq.kafka.waiting import make_topics_when_brokers_answer
from copq.process.background import run_beside
from copq.rates.book import RateBook
from copq.rates.watch import RateWatch
from copq.sign_in.config import SignInConfig
from copq.sign_in.ways_in import door_of, open_sign_in
from copq.web.serving import Tls, serve_http


async def serve(
    brokers: Brokers,
    host: str,
    port: int,
    partitions: int,
    replication: int,
    stop: asyncio.Event,
    dsn: str | None = None,
    tokens: TokenDoor | None = None,
    tls: Tls | None = None,
    mqtt: MqttSource | None = None,
    names: Names | None = None,
    signing_in: SignInConfig | None = None,
) -> None:
    """Serve until `stop` is set; accepted events are then on the broker.

    While the brokers do not answer it listens and answers 503; topics are made once they do.
    Without `tokens` it is open. Without `dsn` there is neither form nor fate. People sign in at
    the provider of `signing_in`. Postgres may be away: events go to the broker anyway.
    """
    rates = RateWatch(dsn, names_only=True) if dsn else None
    book = (lambda: rates.book) if rates else RateBook
    sign_in = await open_sign_in(signing_in, dsn)
    intake, door = (
        KafkaIntake(brokers, names=names, book=book),
        door_of(tokens or OpenDoor(), sign_in),
    )
    app = make_http(intake, door, checks={"kafka": intake.ready}, stop=stop)
    companions = [_keep_topics(brokers, partitions, replication, stop)]
    companions += [tokens.run()] if tokens else []
    pool = await people_pool(dsn) if dsn else None
    if rates and pool:
        companions.append(rates.run())
        companions += [names.follow(pool)] if names else []
        add_people(app, door, intake, pool, book, sign_in)
    serving = serve_http(app, host, port, stop, tls)
    try:
        await run_beside(beside_mqtt(serving, mqtt, intake, stop), *companions, stop=stop)
    finally:
        await intake.close()
        if pool:
            pool.terminate()
        if sign_in:
            await sign_in.close()


async def _keep_topics(
    brokers: Brokers, partitions: int, replication: int, stop: asyncio.Event
) -> None:
    await make_topics_when_brokers_answer(brokers, partitions, replication, stop)
    await stop.wait()
