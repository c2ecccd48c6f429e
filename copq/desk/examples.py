"""The descriptions of the acts, and an example of what is sent."""

ACTS = (
    "Who may do it: see the role of each route. Send an `Idempotency-Key`, and send the "
    "same request again where no answer came: it is done once."
)
RATE_DOCUMENTS = (
    "What was submitted, and what became of it: draft, approved, in force, superseded, rejected, "
    "withdrawn. A page has 100 documents unless `limit` says otherwise; `next` is the cursor of "
    "the next page, null on the last one. A finance token of some lines sees the documents that "
    "only change rates of these lines."
)
RATE_FILE = """\
plants:
  - plant: north
    timezone: Europe/Paris
    currency: EUR
"""
