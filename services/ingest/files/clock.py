"""A file's times: local times get the offset that was in force in the plant's zone."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.ingest.files.faults import RowFault


class Moment(NamedTuple):
    """An instant, and whether its local time came twice that night (the first is meant)."""

    instant: datetime
    ambiguous: bool


class Clock:
    """Reads the text of a time. With an offset it needs no zone; without one it must have one."""

    def __init__(self, zone: str | None, pattern: str | None) -> None:
        self._zone = ZoneInfo(zone) if zone else None
        self._pattern = pattern
        # Machines report at the same times: most texts come many times over.
        self.read = lru_cache(maxsize=4096)(self._read)

    def _read(self, text: str) -> Moment:
        """Raises `RowFault` where the text is no time, or none that ever was on the clock."""
        time = self._parse(text)
        if time.tzinfo is not None:
            return Moment(time, False)
        if self._zone is None:
            raise RowFault("", f"{text} has no offset; set time_zone in the mapping")
        local = time.replace(tzinfo=self._zone)
        if local.astimezone(UTC).astimezone(self._zone).replace(tzinfo=None) != time:
            raise RowFault("", f"{text} does not exist in {self._zone}: clocks went forward then")
        return Moment(local, local.utcoffset() != local.replace(fold=1).utcoffset())

    def _parse(self, text: str) -> datetime:
        try:
            if self._pattern is None:
                return datetime.fromisoformat(text)
            return datetime.strptime(text, self._pattern)  # noqa: DTZ007 - the zone is added
        except ValueError:
            wanted = self._pattern or "ISO 8601 (set time_format if it is written otherwise)"
            raise RowFault("", f'"{text[:64]}" is no time as {wanted}') from None
