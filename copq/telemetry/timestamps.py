"""Metrics that hold a point in time."""

from collections.abc import Iterable

from prometheus_client import Gauge
from prometheus_client.metrics_core import Metric


class Timestamp(Gauge):
    """Seconds since 1970 of the last time that something happened; no sample until it does.

    A process that imports the module and never does the work exports no sample. A gauge would
    export 0, which reads as an age of half a century and makes an alert on age fire for ever.
    """

    _happened = False

    def set(self, value: float) -> None:
        super().set(value)
        self._happened = True

    def forget(self) -> None:
        """No sample from now on, until it is set again."""
        self._happened = False

    def collect(self) -> Iterable[Metric]:
        return super().collect() if self._happened else []
