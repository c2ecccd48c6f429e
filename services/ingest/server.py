"""The ingest service of the stream: HTTP and MQTT in, Kafka out."""

import asyncio

from services.ingest.http import make_http
from services.ingest.kafka_intake import KafkaIntake
from services.ingest.mqtt.service import MqttSource, beside_mqtt
from services.ingest.serving import serve_http
from services.kafka.topics import make_topics


async def serve(
    bootstrap: str,
    host: str,
    port: int,
    partitions: int,
    replication: int,
    stop: asyncio.Event,
    mqtt: MqttSource | None = None,
) -> None:
    """Until `stop` is set; what was accepted by then is on the broker."""
    await make_topics(bootstrap, partitions, replication)
    intake = KafkaIntake(bootstrap)
    try:
        serving = serve_http(make_http(intake), host, port, stop)
        await beside_mqtt(serving, mqtt, intake, stop)
    finally:
        await intake.close()
