"""The descriptions of the acts, and a sample of each request.

The samples run in the order of their steps, from an empty database on: see `Sample`.
"""

from copq.desk.samples import Sample

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
IMPORT = (
    "The file is stored as a whole, or refused with each of its faults. What is not in it stays "
    "as it is, and each version stays in the history. The answer counts what was new, what "
    "changed, and what was known already. If-Match is optional."
)
REPORTING = (
    "All figures of the company are added in it. It cannot change once there are exchange rates "
    "or entries in it. For a finance token of all lines."
)
RATES_OF = (
    "Without `currency`: each currency with its newest rate, and how many entries have none. With "
    "it: its rates by day, with all versions; the newest counts."
)
RATE_FILE = """\
labour_rates:
  - {plant: north, effective_from: 2026-01-01T00:00:00+01:00, rate_per_minute: 1.25}
"""
_TARGET_FILE = """\
time_zone: Europe/Berlin
targets:
  - {plant: north, effective_from: 2026-01-01, ratio: 0.03}
budgets:
  - {plant: north, effective_from: 2026-01-01, amount: 40000}
"""
_BASE_FILE = """\
plant,month,base,amount,currency
north,2026-03,revenue,1250000,EUR
"""
_GROUP_FILE = """\
plant,grouping,product,group
north,family,widget,small parts
"""
_STANDING_FILE = """\
plant,name,category,element,amount,currency,first_day
north,laboratory,appraisal,inspection,9000,EUR,2026-01-01
"""
_EXCHANGE_FILE = """\
date,currency,rate
2026-03-02,SEK,0.0912
"""
_WHY = ("why", "reviewed")
_DOCUMENTS = "/v1/rate-documents"
_MONTH = "/v1/periods/north/2026-03"
_YAML, _CSV = "application/yaml", "text/csv"

CHECK_RATES = Sample(10, "POST", f"{_DOCUMENTS}/check", (("name", "rates.yaml"),), RATE_FILE, _YAML)
SUBMIT_RATES = Sample(11, "POST", _DOCUMENTS, (("name", "rates.yaml"), _WHY), RATE_FILE, _YAML)
LIST_RATE_DOCUMENTS = Sample(12, "GET", _DOCUMENTS, (("waiting", "true"),))
GET_RATE_DOCUMENT = Sample(13, "GET", f"{_DOCUMENTS}/2")
GET_RATE_FILE = Sample(14, "GET", f"{_DOCUMENTS}/2/file")
APPROVE_RATES = Sample(
    15, "POST", f"{_DOCUMENTS}/2/approve", text='{"why": "as invoiced"}', match=f"{_DOCUMENTS}/2",
    person=2,
)  # fmt: skip
REJECT_RATES = Sample(
    16, "POST", f"{_DOCUMENTS}/3/reject", text='{"why": "sent twice"}', match=f"{_DOCUMENTS}/3"
)

TARGETS = Sample(20, "POST", "/v1/targets", (("name", "targets.yaml"), _WHY), _TARGET_FILE, _YAML)
SET_TARGET = Sample(
    21, "POST", "/v1/targets/set", text='{"plant": "north", "line": "L1", "ratio": "0.02"}'
)
SET_BUDGET = Sample(
    22, "POST", "/v1/targets/budget", text='{"plant": "north", "line": "L1", "amount": "9000"}'
)
LIST_TARGETS = Sample(23, "GET", "/v1/targets")
BASES = Sample(24, "POST", "/v1/bases", (("name", "bases.csv"), _WHY), _BASE_FILE, _CSV)
GROUPS = Sample(25, "POST", "/v1/groups", (("name", "groups.csv"), _WHY), _GROUP_FILE, _CSV)
STANDING_COSTS = Sample(
    26, "POST", "/v1/standing-costs", (("name", "costs.csv"), _WHY), _STANDING_FILE, _CSV
)
SET_REPORTING = Sample(
    27, "PUT", "/v1/reporting-currency", text='{"currency": "EUR"}', match="/v1/reporting-currency"
)
GET_REPORTING = Sample(28, "GET", "/v1/reporting-currency")
EXCHANGE_RATES = Sample(
    29, "POST", "/v1/exchange-rates", (("name", "rates.csv"), _WHY), _EXCHANGE_FILE, _CSV
)
LIST_RATES = Sample(30, "GET", "/v1/exchange-rates", (("currency", "SEK"), ("to", "2026-04-01")))

GET_MONTH = Sample(90, "GET", _MONTH)
CLOSE = Sample(
    91, "POST", f"{_MONTH}/close", text='{"accept": ["unpriced", "rates"]}', match=_MONTH
)
REOPEN = Sample(92, "POST", f"{_MONTH}/reopen", text='{"why": "a late credit note"}', match=_MONTH)
LOCK = Sample(
    93, "POST", "/v1/periods/north/2026-02/lock", text='{"why": "audited"}',
    match="/v1/periods/north/2026-02",
)  # fmt: skip
