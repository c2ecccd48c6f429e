"""The descriptions of the acts, and a sample of each request.

The samples run in the order of their steps, from an empty database on: see `Sample`.
"""

from copq.desk.samples import Sample
from copq.improvement.projects.states import Step

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
REJECTED = (
    "Those that wait to be fixed and sent again. An operator sees its own; a manager and finance "
    "with a token of all lines see all: the line of a refused event may be wrong. `next` is the "
    "cursor of the next page."
)
REPLAY = (
    "The body is the fixed event; an empty one sends the bytes as they were. It counts under the "
    "name of its first sender, and who sent it again is kept. For the operator who sent it, and "
    "for a manager of all lines."
)
LONG_WORK = (
    "It is done in the background: the answer is 202, and `Location` says how far it is. It goes "
    "on by itself after the service was killed. For the whole plant, or for all lines."
)
JOB = (
    "`state` is waiting, running, done, failed or cancelled; ask again after `Retry-After` seconds "
    "until it has ended. `progress` of `total` (0: not known) is done; `answer` is as the command "
    "prints it with --json; `message` says why it failed. A finance token of some lines sees its "
    "own."
)
CANCEL = (
    "What is booked stays; the same repricing asked for again goes on where it was. 409 where it "
    "has ended."
)
PROPOSING = (
    "A project that is not approved yet may change; what approval froze may not. For a token of "
    "the whole plant."
)
AUDIT = (
    "Who decided what, when, from where and why, with each row before and after. `next` is the "
    "cursor of the next page; as CSV the same page."
)
AUDIT_HEAD = "Keep the head elsewhere: a later proof is compared with it (`expect`)."
AUDIT_EXPORT = "As `copq audit export`. NDJSON is proved by `copq audit verify --file`."
ANCHORING = (
    "As `copq audit anchor`: a digest for each plant and day of what was booked and received since "
    "the anchor before, in the audit trail. For a finance token of all lines. Then keep the file "
    "of `GET /v1/audit/anchors` elsewhere."
)
ANCHORS = (
    "NDJSON, a line an anchor; the last line is the head of the audit trail. Keep it where the "
    "database's administrator cannot reach it. For a finance token of all lines."
)
COMPARING = (
    "As `copq audit verify --against`: the body is a file of anchors that was kept. The answer of "
    "the job names each plant and day with a change since, and proves the trail with the head in "
    "the file. For a finance token of all lines."
)
RATE_BOOK = (
    "As `copq rates export`: imported into an empty book, it makes the same book. For a finance "
    "token of all lines."
)
MADE_ONCE = (
    "The token is shown in this answer alone: only its SHA-256 is stored. The same Idempotency-Key "
    "again makes no second token, and its answer has a token of null: revoke a token whose answer "
    "was lost, and make another."
)
REVOKE = "Running services refuse it within two seconds. It stays listed (`all=true`)."
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
_PROJECT_FILE = """\
projects:
  - plant: north
    name: caps
    owner: manager-1
    sponsor: sara
    scope: {line: [L1]}
    baseline: {first: 2026-01-01, last: 2026-03-31}
    starts: 2026-04-15
    currency: EUR
    benefits:
      - {type: hard, first_month: 2026-05, last_month: 2026-07, amount: 100}
"""
_ANCHOR_FILE = f'{{"trail":"0:{"0" * 64}"}}\n'
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

GET_RATE_BOOK = Sample(17, "GET", "/v1/rate-book", (("format", "yaml"),))

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

LIST_REJECTED = Sample(40, "GET", "/v1/rejected", role="manager")
GET_REJECTED = Sample(41, "GET", "/v1/rejected/1", role="manager")
REPLAY_FIXED = Sample(
    42, "POST", "/v1/rejected/1/replay", role="manager",
    text='{"event_id": "mes-9", "event_type": "defect", "plant": "north", '
    '"line": "L1", "occurred_at": "2026-03-02T10:00:00+01:00", "product": "widget", '
    '"stage": "S1", "quantity": 1}',
)  # fmt: skip
CORRECT = Sample(
    43, "POST", "/v1/corrections", text='{"corrects": "mes-9", "reason": "counted twice"}',
    role="operator",
)  # fmt: skip

PLAN_REPRICING = Sample(50, "POST", "/v1/repricings/plan", text='{"from": "2026-03"}')
REPRICE = Sample(51, "POST", "/v1/repricings", text='{"plant": "north", "why": "invoice 4711"}')
LIST_REPRICINGS = Sample(52, "GET", "/v1/repricings", (("limit", "5"),))
VERIFY = Sample(53, "POST", "/v1/verify", text='{"plant": "north", "month": "2026-03"}')
VERIFY_AUDIT = Sample(54, "POST", "/v1/audit/verify", text='{"expect": ""}')
CANCEL_JOB = Sample(55, "POST", "/v1/jobs/1/cancel", text='{"why": "not needed"}')
GET_JOB = Sample(56, "GET", "/v1/jobs/2")
LIST_JOBS = Sample(57, "GET", "/v1/jobs")


_CAPS = "/v1/projects/north/caps"


def _on_caps(
    step: int, act: str, text: str = "{}", role: str = "manager", person: int = 1
) -> Sample:
    return Sample(step, "POST", f"{_CAPS}/{act}", text=text, match=_CAPS, role=role, person=person)


PROPOSE = Sample(
    60, "POST", "/v1/projects", (("name", "projects.yaml"), _WHY), _PROJECT_FILE, _YAML,
    role="manager",
)  # fmt: skip
PROJECT_STEPS = {
    Step.SIZE: _on_caps(61, "size"),
    Step.APPROVE: _on_caps(62, "approve", '{"why": "pays off"}', "finance"),
    Step.START: _on_caps(63, "start"),
    Step.REALISE: _on_caps(74, "realise"),
    Step.SIGN: _on_caps(75, "sign", role="finance"),
    Step.SUSTAIN: _on_caps(76, "sustain", role="finance"),
    Step.LAPSE: _on_caps(77, "lapse", '{"why": "the losses are back"}', "finance"),
    Step.REOPEN: _on_caps(78, "reopen", '{"why": "sealing was changed"}', "finance"),
    Step.CANCEL: _on_caps(79, "cancel", '{"why": "the line is sold"}'),
}
OWN = Sample(
    80, "POST", "/v1/projects/north/labels/own", text='{"owner": "otto", "why": "mia has left"}',
    match="/v1/projects/north/labels",
)  # fmt: skip
INVEST = _on_caps(64, "invest", '{"investment": "capper", "amount": "4000", "month": "2026-04"}')
FORECAST = _on_caps(65, "forecast", '{"month": "2026-08", "amount": "3"}')
NON_ROUTINE = _on_caps(
    66, "non-routine",
    '{"month": "2026-06", "amount": "9", "evidence": "insurer", "why": "a flood"}',
)  # fmt: skip
DECIDE = _on_caps(
    67, "decide",
    '{"kind": "non-routine", "number": 1, "decision": "accept", "why": "seen in the report"}',
    "finance",
)  # fmt: skip
SUBSTITUTE = _on_caps(
    68, "substitute",
    '{"line": "L1", "product": "gadget", "like": "widget", "why": "same tool"}',
)  # fmt: skip
SHARE = Sample(
    69, "POST", "/v1/projects/north/shares",
    text='{"from": "2026-06", "shares": {"caps": "0.6", "labels": "0.4"}, "why": "as agreed"}',
)  # fmt: skip
_SEALS = "/v1/projects/north/seals"
CLAIM = Sample(
    70, "POST", f"{_SEALS}/claim", text='{"month": "2026-01", "amount": "60"}', match=_SEALS,
    role="manager",
)  # fmt: skip
VALIDATE = Sample(
    72, "POST", f"{_SEALS}/validate", text='{"month": "2026-01", "decision": "accept"}',
    match=_SEALS,
)  # fmt: skip
LIST_AUDIT = Sample(82, "GET", "/v1/audit", (("table", "target"), ("limit", "10")))
GET_AUDIT_HEAD = Sample(83, "GET", "/v1/audit/head")
EXPORT_AUDIT = Sample(84, "GET", "/v1/audit/export")
ANCHOR = Sample(81, "POST", "/v1/audit/anchors", text='{"why": "month end"}')
GET_ANCHORS = Sample(88, "GET", "/v1/audit/anchors")
COMPARE_ANCHORS = Sample(
    89, "POST", "/v1/audit/anchors/compare", (("name", "anchors.ndjson"),), _ANCHOR_FILE,
    "application/x-ndjson",
)  # fmt: skip
MAKE_TOKEN = Sample(
    85, "POST", "/v1/tokens", text='{"name": "press-7", "lines": ["north/L1"]}', role="admin"
)
LIST_TOKENS = Sample(86, "GET", "/v1/tokens", role="admin")
REVOKE_TOKEN = Sample(87, "DELETE", "/v1/tokens/press-7", (("why", "lost"),), role="admin")
