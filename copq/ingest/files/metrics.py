"""All metrics of a watched folder."""

from prometheus_client import Counter, Gauge, Histogram

from copq.telemetry.timestamps import Timestamp

FILES = Counter("copq_watch_files", "Files taken, by where they were put", ["put"])
EVENTS = Counter("copq_watch_events", "Events of files, by what became of them", ["status"])
WAITING = Gauge("copq_watch_waiting_files", "Files that lie in the folder")
RETRIES = Counter("copq_watch_retries", "Files that could not be taken, and are tried again")
FILE_SECONDS = Histogram(
    "copq_watch_file_seconds", "One file, from its first byte read to its place",
    buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200),
)  # fmt: skip
LAST_FILE = Timestamp("copq_watch_last_file_timestamp_seconds", "When a file was put in its place")
