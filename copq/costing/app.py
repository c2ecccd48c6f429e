"""The Faust app of a costing worker."""

import faust

from copq.costing.batch_consumer import BatchTransport
from copq.costing.settings import FETCH_BYTES, CostingSettings
from copq.kafka.closed_connections import expect_closed_connections
from copq.kafka.header_names import read_any_names
from copq.kafka.topics import METADATA_MS


def make_app(settings: CostingSettings) -> faust.App:
    """The app: small buffers, since a rebalance replays them, and no web server.

    Faust must not wait for its buffers: it would wait for ever for a batch that was dropped.
    """
    read_any_names()
    expect_closed_connections()
    app = faust.App(
        settings.group,
        broker=[f"aiokafka://{address}" for address in settings.brokers.addresses.split(",")],
        broker_credentials=settings.brokers.credentials(),
        topic_disable_leader=True,
        topic_allow_declare=False,
        stream_buffer_maxsize=2,
        stream_wait_empty=False,
        broker_commit_interval=1.0,
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=settings.session_timeout_s / 10,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=FETCH_BYTES,
        consumer_metadata_max_age_ms=METADATA_MS,
        web_enabled=False,
        datadir=settings.data,
        store="memory://",
    )
    app.transport = BatchTransport(
        settings.brokers, url=app.conf.broker_consumer, app=app, loop=app.loop
    )
    return app
