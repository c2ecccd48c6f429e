"""What the API's documentation says of each question, with an answer to it."""

from typing import Any

_CURRENCIES = (
    " A row has one currency; currencies are never added, but converted if `currency` asks for it: "
    "money is then null where entries have no exchange rate (`unconverted`). Money is text, with "
    "all digits."
)

COPQ = (
    "Sums of the buckets that begin in [from, to), a row for each bucket and for each value of "
    "`by`. Without `from`: the last 24 hours, 30 days or 12 months before `to` or now. "
    "A share is a sum over a sum; without a base it is null, and `copq_share_reason` says why. "
    "Stops still open count until now, and are told apart as `provisional`. `as` and `as_of` say "
    "which figures: as restated, as each month was first reported (`flags` name one that was never "
    "closed and is as of now), or as the ledger said at an instant; `reported` repeats it. In "
    "months first reported, and as of an instant, open stops are not in it. A page has 1,000 rows "
    "unless `limit` says otherwise; `next` is the cursor of the next page, null on the last one. "
    "`rows_total` is how many rows there are if they are all on one page, else null. "
    "`totals` is the sum of all rows of all pages, one for each currency. CSV has all rows unless "
    "`limit` says otherwise." + _CURRENCIES
)
PERIODS = (
    "The months of each plant that have entries, the newest first: open, closed or locked, with "
    "COPQ as first reported (null: never closed) and as restated: with stops still open until now, "
    "`provisional`. `booked_in` is the month in "
    "which late events of a month that is not open are booked. `booked` is COPQ of all booked "
    "in a month, so far where it is not `signed`; `late` the part of it that is of other months."
    + _CURRENCIES
)
TRAILING = (
    "Exact windows up to this instant, open on the left. Better for an alarm than calendar "
    "buckets, which have almost no base in their first minutes. The rows are the most expensive "
    "first, 1,000 in each window unless `limit` says otherwise; `rows_total` is how many there "
    "are, and `totals` the sum of all, one for each currency. CSV has all rows, in the order of "
    "names, unless `limit` says otherwise." + _CURRENCIES
)
DRIVERS = (
    "Combinations of element, stage, defect code and, for stops, machine, most expensive first, "
    "each with its share of all losses and the cumulative share. Production days in "
    "[from, to); without them the last 30 days. Stops still open are in it until now, "
    "as `provisional`. `totals` is how many combinations each currency has, and the net cost of "
    "all of them." + _CURRENCIES
)
KPIS = (
    "Key figures by ISO 22400-2 of any time: an hour, a shift, a day or more. `oee` is "
    "availability x effectiveness x quality. Time is that of a line: of a product there are "
    "yields alone. Sums are divided, never ratios averaged. A figure that is not known "
    "is null, and `reasons` says why. Where no event says how many units are "
    "good, all that were not rejected are. MTTR is in seconds, from the start of an "
    "unplanned stop to its end. There are 1,000 rows unless `limit` says otherwise; `rows_total` "
    "is how many there are, and `total` has the key figures of all together. CSV has all rows "
    "unless `limit` says otherwise."
)
ENTRIES = (
    "The entries of the ledger that a figure is the sum of, newest first, each with its event's "
    "bytes, the version of the rates, and the formula with the numbers in it, recomputed and "
    "compared with what is booked. Say which by `bucket` (with `grain`), by `from` and `to`, or "
    "by `event_id`; else the last 30 days. `next` is the cursor of the next page: an entry is on "
    "exactly one page, whatever is booked meanwhile. On the first page `figures` says what "
    "the figure is: `booked`, the sum of all pages; `open_stops`, listed with what each has cost "
    "so far, its event and its formula; and, of a `trailing` window or one between two instants, "
    "`edges`: the stops that it counts for their share, each with what that adds to the entries. "
    "At most 500 of either are listed, the most expensive ones; `open_stops_total` and "
    "`edges_total` say how many there are, and `figures` holds the sums of all. "
    "CSV has all pages in one, open stops and shares too: its `counted` adds up to the figure. "
    "Money is text, with all digits. `event_text` is the event's bytes as received; `event` is "
    "the same read as JSON, whose numbers may lose digits on the way."
)
PLAN = (
    "A quality programme by the dynamic model of Rosiawan, Singgih and Widodo (2019), for several "
    "numbers of indicators side by side. Parameters that are not named are those of the published "
    "example, or with `fit=true` those that fit the months of `plant` from `from` on best: then "
    "`fit` has their `intervals` at 95 % confidence, or `refused`, the reason why the months do "
    "not determine them, and there are no rows. Shares are of all savings that are possible: "
    "`tqc` is the spending so far, `pi` the performance, `ps` the savings and `eb` the benefit, "
    "ps - tqc. `break_even` is the first period with a benefit, null if there is none; `best` the "
    "period with the largest one. `savings` and `currency` add money: `spent`, `saved` and "
    "`benefit`; with `fit` it is the failure cost of a year before the programme. An input outside "
    "the model's domain is refused."
)

_AT = "2026-03-02T14:05:00+00:00"
_ROW: dict[str, Any] = {
    "from": "2026-03-02", "plant": "north", "line": "L1", "currency": "EUR", "net": "412.5",
    "gross": "430", "recovered": "16", "allowed": "1.5", "hours": "0.5",
    "copq": "412.5",
    "coq": "440", "base": "13750", "base_name": "cost of production", "copq_share": "0.03",
    "copq_share_reason": None, "units": "1375", "good": "1340", "ungraded": "0", "rejected": "35",
    "copq_per_good": "0.307835821", "cost_per_good": "10.26119403",
    "provisional": "0", "unconverted": 0, "flags": [],
}  # fmt: skip
_BESIDE = {
    "basis": "An estimate at standard rates, …", "unpriced_events": 0, "waiting_corrections": 0,
    "open_stops": 0, "counted_at": _AT,
}  # fmt: skip
_TOTAL = {name: value for name, value in _ROW.items() if name not in ("plant", "line")} | {
    "from": None
}
COPQ_ANSWER = {
    "at": _AT, "grain": "day", "from": "2026-03-01", "to": None, "as": "restated", "as_of": None,
    "reported": "as restated", "rows": [{**_ROW, "reported": "as restated"}],
    "rows_total": 1, "totals": [{"from": None, **_TOTAL}], "next": None, **_BESIDE,
}  # fmt: skip
PERIODS_ANSWER = {
    "at": _AT,
    "rows": [
        {"plant": "north", "month": "2026-02", "state": "closed", "closings": 1,
         "first_closed_at": _AT, "booked_in": "2026-03", "currency": "EUR",
         "first_reported": "412.5", "restated": "422.5", "provisional": "0", "difference": "10",
         "booked": "412.5", "late": "0", "signed": True}
    ],
    **_BESIDE,
}  # fmt: skip
TRAILING_ANSWER = {
    "at": _AT,
    "windows": [
        {"window": "1 h", "after": "2026-03-02T13:05:00+00:00", "to": _AT,
         "rows": [{**_ROW, "from": None}], "rows_total": 1, "totals": [_TOTAL]}
    ],
    **_BESIDE,
}  # fmt: skip
KPIS_ANSWER = {
    "at": _AT, "from": "2026-03-01", "to": "2026-03-02",
    "rows": [
        {"from": "2026-03-01T06:00:00+01:00", "to": "2026-03-02T06:00:00+01:00", "plant": "north",
         "line": "L1", "oee": "0.747936508", "availability": "0.888095238",
         "effectiveness": "0.861081323", "quality": "0.978049919",
         "first_pass_yield": "0.978049919", "scrap_ratio": "0.021950081", "rework_ratio": "0",
         "mean_time_to_repair": "2820", "repaired_stops": 1, "produced": "19271", "good": "18848",
         "scrapped": "423", "reworked": "0", "planned_seconds": "25200",
         "stopped_seconds": "2820", "running_seconds": "22380", "reasons": {}}
    ],
    "rows_total": 1,
    "total": {"from": "2026-03-01T06:00:00+01:00", "to": "2026-03-02T06:00:00+01:00",
              "oee": "0.747936508", "produced": "19271", "good": "18848"},
}  # fmt: skip
DRIVERS_ANSWER = {
    "at": _AT, "from": "2026-03-01", "to": "2026-04-01",
    "rows": [
        {"rank": 1, "element": "downtime", "stage": None, "defect_code": "jam",
         "work_unit": "packer-1", "currency": "EUR", "net": "290", "hours": "0.5",
         "seconds": "1800", "quantity": "0", "entries": 3, "unconverted": 0,
         "provisional": "0", "share": "0.703030303",
         "cumulative_share": "0.703030303"}
    ],
    "totals": [{"currency": "EUR", "losses": 7, "net": "412.5"}],
    **_BESIDE,
}  # fmt: skip
ENTRIES_ANSWER = {
    "at": _AT, "as_of": _AT, "next": None,
    "totals": [{"currency": "INR", "entries": 1, "lines": 1, "net": "19.062"}],
    "figures": [
        {"currency": "INR", "booked": "19.062", "edges": "0", "open_stops": "0", "net": "19.062"}
    ],
    "edges": [], "edges_total": 0, "open_stops": [], "open_stops_total": 0,
    "entries": [
        {"event_id": "press-4-17", "entry_no": 1, "reverses": None, "reason": None,
         "booked_by": None, "corrected_by": None,
         "occurred_at": "2026-03-02T14:05:00+05:30", "booked_at": _AT,
         "received_at": _AT, "event_type": "defect", "plant": "mysuru", "line": "valves",
         "product": "TR29", "stage": "P3", "work_unit": None, "defect_code": None, "shift": None,
         "supplier": None, "element": "defect", "category": "internal_failure", "quantity": "3",
         "gross": "28.17", "recovered": "9.108", "allowed": "0", "net": "19.062", "hours": "0",
         "seconds": "0",
         "base": "0", "good": "0", "ungraded": "0", "currency": "INR", "rate_version": 1,
         "hour": "2026-03-02T14:00:00+05:30", "day": "2026-03-02", "period": "2026-03-01",
         "exchange_rate": "0.0109", "reporting_currency": "EUR",
         "formula": "3 pcs × 9.39 = 28.17; recovered 3 × 0.60 × 5.06 = 9.11; net 19.06",
         "terms": ["9.39 = cost of a unit after stage P3: …"], "agrees": True, "note": None,
         "event": {"event_id": "press-4-17", "event_type": "defect"},
         "event_text": '{"event_id":"press-4-17","event_type":"defect"}'}
    ],
}  # fmt: skip
PLAN_ANSWER = {
    "model": "Rosiawan, Singgih and Widodo, …",
    "parameters": {"tc1": "0.05", "alpha": "0.95", "beta": "0.95", "m": "0.01", "c": "0.05"},
    "savings": "1000000", "currency": "EUR", "fit": None,
    "plans": [{"indicators": 1, "break_even": 2, "best": 8, "best_eb": "0.201607823"}],
    "rows": [
        {"indicators": 1, "t": 2, "tqc": "0.0975", "pi": "0.896111448", "ps": "0.11149118",
         "eb": "0.01399118", "spent": "97500", "saved": "111491.18", "benefit": "13991.18",
         "currency": "EUR"}
    ],
}  # fmt: skip


def answers(example: Any) -> dict[int | str, dict[str, Any]]:
    """The answers of one question, for OpenAPI."""
    return {
        200: {
            "description": "The figures.",
            "content": {
                "application/json": {"example": example},
                "text/csv": {"schema": {"type": "string"}},
            },
        },
    }
