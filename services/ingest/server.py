"""The ingest service of the stream: HTTP and MQTT in, Kafka out."""

import asyncio

from services.ingest.http import make_http
from services.ingest.kafka_intake import KafkaIntake
from services.ingest.mqtt.service import MqttSource, beside_mqtt
from services.ingest.serving import serve_http
from services.kafka.brokers import Brokers
from services.kafka.topics import make_topics


async def serve(
    brokers: Brokers,
    host: str,
    port: int,
    partitions: int,
    replication: int,
    stop: asyncio.Event,
    mqtt: MqttSource | None = None,
) -> None:
    """Until `stop` is set; what was accepted by then is on the broker."""
    await make_topics(brokers, partitions, replication)
    intake = KafkaIntake(brokers)
    app = make_http(intake, checks={"kafka": intake.ready}, stop=stop)
    try:
        await beside_mqtt(serve_http(app, host, port, stop), mqtt, intake, stop)
    finally:
        await intake.close()
