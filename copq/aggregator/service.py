"""The aggregator as a service: the stream, and the tasks that run next to it."""

import asyncio

from copq.aggregator import metrics
from copq.aggregator.readings import EventsToPrice, PricedEvents
from copq.aggregator.rejected_stream import keep_from_kafka
from copq.aggregator.stream import AggregatorSettings, AggregatorStream
from copq.figures.project_refresh import keep_measuring
from copq.kafka.lag import measure_lag
from copq.kafka.waiting import wait_for_brokers
from copq.posting.partitions import keep_making
from copq.posting.settling import keep_settling
from copq.posting.standing_service import keep_posting_standing_costs
from copq.process.background import run_beside
from copq.rates.watch import RateWatch
from copq.summary.keeping import keep_summing
from copq.telemetry.health import Health


async def run_aggregator(
    settings: AggregatorSettings, stop: asyncio.Event, health: Health | None = None
) -> None:
    """Run until `stop` is set. Raises the error that ended one of its parts."""
    health = health or Health()
    rates = RateWatch(settings.database)
    health.missing = "waits for the rate book in Postgres"
    if not await rates.first(stop):
        return
    if not await wait_for_brokers(settings.brokers, stop, health):
        return
    health.missing = "waits for Kafka to assign partitions"
    reading = EventsToPrice(rates) if settings.from_events else PricedEvents()
    stream = AggregatorStream(settings, rates, reading, stop, health)
    lag = measure_lag(
        settings.brokers, metrics.STAGE, reading.topic, settings.members(), stream.reader.assigned
    )
    await run_beside(
        stream.run(),
        lag,
        rates.run(),
        keep_making(settings.database),
        keep_settling(settings.database, rates),
        keep_posting_standing_costs(settings.database, rates),
        keep_summing(settings.database),
        keep_measuring(settings.database),
        keep_from_kafka(settings.brokers, settings.database, f"{settings.group}-rejected", stop),
        stop=stop,
    )
