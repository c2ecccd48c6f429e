"""Metrics of the projects' savings."""

from copq.telemetry.timestamps import Timestamp

HELD = Timestamp(
    "copq_projects_held_timestamp_seconds",
    "When the savings of projects were last brought up to date",
)
