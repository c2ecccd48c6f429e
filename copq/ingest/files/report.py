"""What is said of an import: as JSON, and in a line for people."""

from typing import Any

from copq.ingest.files.importing import ImportReport


def report_json(report: ImportReport) -> dict[str, Any]:
    tally = report.tally
    return {
        "rows": report.rows,
        "rows_used": report.used,
        "rows_skipped": report.skipped,
        "rows_refused": tally.rows_refused,
        "ambiguous_rows": report.ambiguous,
        "resumed_at": report.resumed_at,
        "events": dict(sorted(tally.sent.items())),
        "accepted": tally.accepted,
        "duplicates": tally.duplicates,
        "refused": tally.refused,
        "unpriced": tally.unpriced,
        "refusals": [
            {"row": r.row, "field": r.field, "message": r.message} for r in tally.refusals
        ],
    }


def report_line(report: ImportReport) -> str:
    tally = report.tally
    rows = "row" if report.rows == 1 else "rows"
    events = "event" if tally.accepted == 1 else "events"
    skipped = sum(report.skipped.values())
    said = (
        f"{report.rows:,} {rows}: {tally.accepted:,} {events} accepted, "
        f"{tally.duplicates:,} there before, {tally.refused:,} refused; "
        f"{skipped:,} rows skipped by rule"
    )
    if not tally.refusals:
        return said
    first = tally.refusals[0]
    return f"{said} (row {first.row}: {first.message})"
