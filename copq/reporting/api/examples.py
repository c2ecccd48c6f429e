"""The descriptions of the API's questions, each with an example answer."""

from typing import Any

from copq.text.workbook import XLSX

_CURRENCIES = (
    " A row has one currency. Currencies are never added; `currency` converts them: "
    "money is then null if entries have no exchange rate (`unconverted`). Money is text, with "
    "all digits."
)

COPQ = (
    "Sums of the buckets that begin in [from, to), a row for each bucket and for each value of "
    "`by`. Without `from`: the last 24 hours, 30 days or 12 months before `to` or now. "
    "A share is a sum over a sum; without a base it is null, and `copq_share_reason` says why. "
    "Open stops count until now, and `provisional` is their part. `as` and `as_of` select "
    "the basis: as restated, as each month was first reported (`flags` name a month that was never "
    "closed and is as of now), or as of an instant; `reported` repeats it. Figures "
    "as first reported and as of an instant leave out open stops. A page has 1,000 rows "
    "unless `limit` says otherwise; `next` is the cursor of the next page, null on the last one. "
    "`rows_total` is the number of rows if they are all on one page, else null. "
    "`totals` is the sum of all rows of all pages, one for each currency. CSV has all rows unless "
    "`limit` says otherwise." + _CURRENCIES
)
PERIODS = (
    "The months of each plant that have entries, the newest first: open, closed or locked, with "
    "COPQ as first reported (null: never closed) and as restated, including open stops until now, "
    "whose part is `provisional`. `booked_in` is the month in "
    "which late events of a closed or locked month are booked. `booked` is COPQ of all entries "
    "booked in a month, up to now unless it is `signed`; `late` is the part from other months."
    + _CURRENCIES
)
PACK = (
    "A plant's month for its management review: the inputs of IATF 16949, 9.3.2.1, that copq "
    "knows, cost of poor quality first. As `pdf` (archival PDF/A-2a, accessible PDF/UA-1) or "
    "`xlsx` (live formulas, charts). A month that is signed has its digest and who signed it, any "
    "other is marked as provisional. The same ledger makes the same bytes, and the `ETag` is of "
    "them. Money is in the plant's currency. `months` are up to three years, as the CSV. A reader "
    "of some lines gets the figures of those lines, nothing signed."
)
TRAILING = (
    "Exact windows up to this instant, without their start. They suit alarms better than calendar "
    "buckets, which have almost no base in their first minutes. The rows are the most expensive "
    "first, 1,000 in each window unless `limit` says otherwise; `rows_total` is the number of all "
    "rows, and `totals` their sum, one for each currency. CSV has all rows, in the order of "
    "names, unless `limit` says otherwise." + _CURRENCIES
)
DRIVERS = (
    "Combinations of element, stage, defect code and, for stops, machine, most expensive first, "
    "each with its share of all losses and the cumulative share. Production days in [from, to); "
    "by default the last 30 days. Open stops count until now, as `provisional`. `totals` has the "
    "number of combinations of each currency, and the net cost of all of them." + _CURRENCIES
)
WHY = (
    "What explains that the losses of one window of production days differ from those of another. "
    "`rows` are the parts of the change of each currency, and add up to `change` in `totals` to "
    "the last digit: `volume`, the units made at the loss for each unit before; `mix`, more or "
    "less made where a unit loses much; each `cause`, a combination of plant, line, product, "
    "product group, stage, element, defect code, machine, shift, supplier and declared attributes "
    "whose losses moved together, with its evidence and the addresses of its `entries`; "
    "`without_baseline`, losses where nothing was made before; `everything_else`. `expected` is "
    "before + volume + mix. `finding` says it in a sentence; `in_one_window` lists losses under a "
    "name that occurs in one window alone, which may be chance. The window is `month`, or [from, "
    "to), else the last 30 days; it is compared with [before_from, before_to), with the `weeks` "
    "before it, or with as many days directly before it, a month with the month before. Stops "
    "still open are in it until now, as `provisional`. Product groups are those of `grouping`, or "
    "of the only grouping that there is; of several, which `groupings` lists, none is chosen. Both "
    "windows have the groups of the last day of the window. `attributes` are the declared "
    "attributes of events that are dimensions; `left_out` says which dimensions are left out, and "
    "why. At most 366 days and 50,000 combinations of all dimensions." + _CURRENCIES
)
WHAT_IF = (
    "What the window would have cost with other events or rates. Each event that a change names is "
    "priced again; nothing is written. `change` has one change or several, with a semicolon "
    "between two, which apply in this order: `halve code=LEAK`; `scale code=LEAK by 0.3`, the "
    "share that stays; `remove type=downtime machine=M2`; `move code=LEAK to mixing`, found at an "
    "earlier stage; `rate labour=standard by 1.1`; `rate product=TR29 stages.P3.raw_material to "
    "5.20`, for the whole window. Events are named by plant, line, product, stage, type, code, "
    "machine, shift and supplier. `rows` are net cost and lost hours by `by`: booked, with the "
    "changes (`changed`), and the difference; they add up to `totals`, COPQ and CoQ of each "
    "currency, to the last digit. `events` and `entries` are those that would differ; `entries` of "
    "the answer lists them, the largest difference first, 1,000 unless `limit` says otherwise. "
    "`changes` says how many events each change applied to, and which it left as booked "
    "(`left_as_booked`). Events without a price are in no figure: `unpriced_in_window`. Stops "
    "still open have no entries and are not in it. The window is `month`, or [from, to), else the "
    "last 30 days; at most 366 days. CSV has the rows, or with `table=entries` all entries that "
    "would differ. A row has one currency; money is text, with all digits."
)
PROBLEMS = (
    "Problems of all functions on one scale: (time to correct + out-of-pocket money) x frequency, "
    "as priced in the ledger, with the lost contribution where a bottleneck stood still. A problem "
    "is a defect code of a `function`, or an element of failures without a code. `frequency` "
    "counts events, `event_cost` is the mean cost of one. Rows are ranked by money, or with "
    "`by_time` by hours; shares are of what they are ranked by. Next to money, never in it: losses "
    "of control, as counts with their share, and of reputation, as the mean grades of "
    "`complaints`, from 1 (slight) to 5 (grave). `entries` is the address of a row's entries. "
    "Problems that earned money have no row: `earned` in `totals` is their sum, "
    "and `net` the whole failure cost. Production days in [from, to); by default the last 30 days. "
    "Open stops count until now, as `provisional`. There are 1,000 rows of each currency unless "
    "`limit` says otherwise; CSV has all. Currencies are never added; `currency` converts them, "
    "and is refused while an entry has no exchange rate. Money is text, with all digits."
)
COMPANY = (
    "What all plants that you may see lose in a month, next to each other and added in the "
    "reporting currency: each entry at the stored exchange rate of its day, open stops at the "
    "newest. By default the newest month that all plants have begun; a plant that is still within "
    "it (`running`, by its `production_day`) is compared with the same part of the month before, "
    "each other one with the whole. The total compares the same plants on both sides. A plant "
    "with an entry that has no exchange rate has its money in its own currency (`own`) and is not "
    "in `total`; `unconverted` names the days. Without a reporting currency there is no total. A "
    "budget is in the plant's own currency. `state` is signed where finance has closed the month, "
    "else provisional. CSV has a row for each plant and own currency, and one for the total. Money "
    "is text, with all digits."
)
KPIS = (
    "Key figures by ISO 22400-2 for any time: an hour, a shift, a day or more. `oee` is "
    "availability x effectiveness x quality. Only a line has times: a product has only yields. "
    "Sums are divided; ratios are never averaged. An unknown figure is null, and `reasons` says "
    "why. If no event says how many units are good, all units that were not rejected count as "
    "good. MTTR is in seconds, from the start of an unplanned stop to its end. There are 1,000 "
    "rows unless `limit` says otherwise; `rows_total` is the number of all rows, and `total` has "
    "the key figures of all together. CSV has all rows unless `limit` says otherwise."
)
ENTRIES = (
    "The entries of the ledger that add up to a figure, newest first, each with its event's "
    "bytes, the version of the rates, and the formula with its numbers, recomputed and compared "
    "with the booked figures. Select them by `bucket` (with `grain`), by `from` and `to`, or by "
    "`event_id`; by default the last 30 days. `next` is the cursor of the next page: each entry "
    "is on exactly one page, whatever is booked in the meantime. On the first page, `figures` has "
    "the parts of the figure: `booked`, the sum of all pages; `open_stops`, each with its cost so "
    "far, its event and its formula; and, for a `trailing` window or one between two instants, "
    "`edges`: the stops that count by their share, each with the difference to the entries. At "
    "most 500 open stops and 500 edges are listed, the most expensive ones; `open_stops_total` "
    "and `edges_total` are the numbers of all, and `figures` has the sums of all. CSV has all "
    "pages in one, with open stops and shares: its column `counted` adds up to the figure. Money "
    "is text, with all digits. `event_text` is the event's bytes as received; `event` is the same "
    "parsed as JSON, whose numbers may lose digits."
)
PLAN = (
    "A quality programme by the dynamic model of Rosiawan, Singgih and Widodo (2019), for several "
    "numbers of indicators. Missing parameters are those of the published example or, with "
    "`fit=true`, those that fit the months of `plant` from `from` on best: then `fit` has their "
    "`intervals` at 95 % confidence. If the months do not determine them, `refused` has the "
    "reason, and the answer has no rows. Shares are shares of all possible savings: `tqc` is the "
    "spending so far, `pi` the performance, `ps` the savings and `eb` the benefit, ps - tqc. "
    "`break_even` is the first period with a benefit, null without one; `best` the period with "
    "the largest one. `savings` and `currency` add money: `spent`, `saved` and `benefit`; with "
    "`fit`, `savings` is the failure cost of the year before the programme. An input outside the "
    "model's domain is refused."
)
COQ = (
    "The cost of quality of each month in [from, to) and each value of `by`: the five categories, "
    "`copq` (the three kinds of failure) and `coq` (with prevention and appraisal), a row for "
    "each figure and each base. `percentage_name` names the base; without a base `percentage` is "
    "null, and `percentage_reason` says why. An imported base is of a whole plant, so a line or a "
    "product has no percentage of it. `per_unit` is money for each unit processed. `budget` is "
    "that in force at the end of the month, null where there is none. `previous` is the month "
    "before, `year_ago` the same month of the year before. "
    "`return_on_quality`, in the rows of `coq`, is the reduction of COPQ against the month "
    "`baseline` over the prevention and appraisal of the month: 3.45 for 345 %. `totals` are all "
    "months together, one set for each currency; `flags` name a base that was restated. `as` and "
    "`as_of` choose figures and bases as first reported, or as of an instant. Stops "
    "still open count until now, as `provisional`. There are 1,000 rows unless `limit` says "
    "otherwise; `rows_total` is how many there are. CSV has all rows unless `limit` says "
    "otherwise." + _CURRENCIES
)
CONFORMANCE = (
    "What is spent on prevention and appraisal (`conformance`) and lost by failure (`failure`) in "
    "each month of [from, to), over the `level` of conformance: the good share of units. Money for "
    "each unit compares a busy month with a slow one; `is_lowest` marks the lowest total so far. A "
    "month without a level is left out of the fit, for its `reason`. `optima` has, for each "
    "currency, the level at which the total is lowest, with its interval at `confidence`, or the "
    "`reason` why the data do not support one: at least 12 months are needed. Without `from`: the "
    "last three years." + _CURRENCIES
)
BASES = (
    "What finance has imported by plant and month, the newest month first. The newest `version` "
    "counts (`in_force`); `history=true` shows those it restated. A base is shown to readers "
    "of the whole plant. There are 1,000 rows unless `limit` says otherwise; `rows_total` is how "
    "many there are. CSV has all rows unless `limit` says otherwise."
)
GROUPS = (
    "The group of each product from a production day on, in the order of names, the newest day "
    "first. The newest `version` of a day counts (`in_force`); `history=true` shows those it "
    "replaced. `no group` takes a product out of its group. There are 1,000 rows unless `limit` "
    "says otherwise; `rows_total` is how many there are. CSV has all rows unless `limit` says "
    "otherwise."
)
STANDING_COSTS = (
    "What finance has imported, by plant, line, name and first day. A cost without a line is of "
    "the plant as a whole, and shown to its readers alone. `state` is `in force`, `planned` or "
    "`ended`; `removed` where finance took it away, and `restated` (with `history=true`) where "
    "another version counts. `posted_until` is the last production day that has the cost in the "
    "ledger. There are 1,000 rows unless `limit` says otherwise; `rows_total` is how many there "
    "are. CSV has all rows unless `limit` says otherwise."
)
PROJECTS = (
    "Improvement projects by plant and name, with the sums of their months in [from, to): what was "
    "`promised` at approval, the `forecast`, what the bridges measured (`gross`; `realised` after "
    "the overlap with other projects; closed months as `first_reported` and as `restated`), "
    "`claimed`, `validated` and `in_budget`. `variance` is validated less promised. The steps from "
    "`not_measured` to `waiting` lead from promised to validated, and add up to the last digit. "
    "Benefit types are apart in `types`; sums and returns count hard savings alone unless `count` "
    "says otherwise, and `basis` says which. `roi`, `payback`, `npv` and `irr` are of all months "
    "before the end, `return_on_quality` is realised over invested; what is unknown is null, with "
    "its reason in `reasons`. `in_year`, `carry_over` and `run_rate` are of `year`, and are never "
    "added. `status` is the newest verdict about the saving: holding, eroding, lost or not enough "
    "data. `excess` is how much more is validated than months save now, since they were restated. "
    "`waits_since` is since when a claim or such a month waits for finance. `totals` are of all "
    "projects, of each plant and of each owner, for each currency. Projects are shown to "
    "readers of the whole plant. There are 1,000 rows unless `limit` says otherwise; `rows_total` "
    "is how many there are. CSV has all rows unless `limit` says otherwise: the projects, or what "
    "`table` names. Money is text, with all digits."
)
PROJECT = (
    "One project: its `plan`, the `steps` of its life, what approval froze (`frozen`, with the "
    "SHA-256 of the evidence; `baseline`), all that was said and decided about it, the `verdict` "
    "about its saving, its `months` with bridge and money of the types that count, each month's "
    "benefit `types`, and its `money` as in `/v1/projects`. `actual` - `baseline` is the sum of "
    "volume, mix, rates, non_routine, "
    "without_baseline and performance. CSV has the months. Money is text, with all digits."
)

_AT = "2026-03-02T14:05:00+00:00"
_ROW: dict[str, Any] = {
    "from": "2026-03-02", "plant": "north", "line": "L1", "currency": "EUR", "net": "412.5",
    "gross": "430", "recovered": "16", "allowed": "1.5", "hours": "0.5",
    "copq": "412.5",
    "coq": "440", "base": "13750", "base_name": "cost of production",
    "percentage_name": "copq % of cost of production", "copq_share": "0.03",
    "copq_share_reason": None, "units": "1375", "good": "1340", "ungraded": "0", "rejected": "35",
    "copq_per_good": "0.307835821", "cost_per_good": "10.26119403",
    "provisional": "0", "unconverted": 0, "flags": [],
}  # fmt: skip
_WAITING = {
    "basis": "An estimate at standard rates, …", "unpriced_events": 0, "waiting_corrections": 0,
    "open_stops": 0, "counted_at": _AT,
}  # fmt: skip
_TOTAL = {name: value for name, value in _ROW.items() if name not in ("plant", "line")} | {
    "from": None
}
COPQ_ANSWER = {
    "at": _AT, "grain": "day", "from": "2026-03-01", "to": None, "as": "restated", "as_of": None,
    "reported": "as restated", "rows": [{**_ROW, "reported": "as restated"}],
    "rows_total": 1, "totals": [{"from": None, **_TOTAL}], "next": None, **_WAITING,
}  # fmt: skip
PERIODS_ANSWER = {
    "at": _AT,
    "rows": [
        {"plant": "north", "month": "2026-02", "state": "closed", "closings": 1,
         "first_closed_at": _AT, "booked_in": "2026-03", "currency": "EUR",
         "first_reported": "412.5", "restated": "422.5", "provisional": "0", "difference": "10",
         "booked": "412.5", "late": "0", "signed": True}
    ],
    **_WAITING,
}  # fmt: skip
TRAILING_ANSWER = {
    "at": _AT,
    "windows": [
        {"window": "1 h", "after": "2026-03-02T13:05:00+00:00", "to": _AT,
         "rows": [{**_ROW, "from": None}], "rows_total": 1, "totals": [_TOTAL]}
    ],
    **_WAITING,
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
    **_WAITING,
}  # fmt: skip
WHY_ANSWER = {
    "at": _AT, "from": "2026-02-01", "to": "2026-03-01", "days": 28,
    "before_from": "2026-01-01", "before_to": "2026-02-01", "before_days": 31,
    "grouping": "family", "groupings": ["family"], "attributes": ["cavity"], "left_out": [],
    "rows": [
        {"currency": "EUR", "kind": "volume", "cause": None, "change": "-290.32"},
        {"currency": "EUR", "kind": "cause", "cause": "line L3, supplier B", "change": "700",
         "before": "300", "expected": "270.97", "after": "970.97", "units_before": "5000",
         "units_after": "4500", "rate_before": "0.06", "rate_after": "0.215771111",
         "entries_before": 30, "entries_after": 97, "p_value": "0.000000001", "p_value_by": "days",
         "filters": {"line": "L3", "supplier": "B"}, "without": [],
         "entries": "/v1/entries?from=2026-02-01&to=2026-03-01&category=copq&line=L3&supplier=B",
         "entries_of_before":
         "/v1/entries?from=2026-01-01&to=2026-02-01&category=copq&line=L3&supplier=B",
         "command": "copq entries --category copq --from 2026-02-01 --to 2026-03-01 --line L3 "
         "--supplier B"}
    ],
    "totals": [
        {"currency": "EUR", "finding": "Losses changed by +412.50 EUR: volume -290.32, …",
         "before": "3000", "after": "3412.5", "change": "412.5", "expected": "2712.5",
         "measured_by": "units", "units_before": "20000", "units_after": "18065",
         "rate_before": "0.15", "rate_after": "0.188901190", "is_explained": True,
         "provisional": "0", "in_one_window": []}
    ],
    **_WAITING,
}  # fmt: skip
_WHAT_IF: dict[str, Any] = {
    "booked": "100", "changed": "55", "difference": "-45", "booked_hours": "0",
    "changed_hours": "0", "events": 3, "entries": 3,
}  # fmt: skip
WHAT_IF_ANSWER = {
    "at": _AT, "from": "2026-03-01", "to": "2026-04-01", "days": 31,
    "changes": [
        {"change": "halve code=LEAK", "events": 3,
         "left_as_booked": [{"reason": "a retention has dropped their bytes, …", "events": 1}]}
    ],
    "rows": [
        {"category": "internal_failure", "element": "defect", "currency": "EUR", **_WHAT_IF}
    ],
    "totals": [
        {"figure": "copq", "currency": "EUR", **_WHAT_IF},
        {"figure": "coq", "currency": "EUR", **_WHAT_IF},
    ],
    "entries": [
        {"event_id": "press-4-17", "entry_no": 1, "occurred_at": "2026-03-02T14:05:00+01:00",
         "day": "2026-03-02", "plant": "north", "line": "L1", "product": "TR29", "stage": "P3",
         "work_unit": None, "defect_code": "LEAK", "shift": None, "supplier": None,
         "element": "defect", "category": "internal_failure", "currency": "EUR", "booked": "40",
         "changed": "20", "difference": "-20", "booked_hours": "0", "changed_hours": "0",
         "entries": "/v1/entries?event_id=press-4-17", "command": "copq explain press-4-17#1"}
    ],
    "entries_total": 3, "events_total": 3, "unpriced_in_window": 0,
}  # fmt: skip
COMPANY_ANSWER = {
    "at": _AT, "month": "2026-03", "running": False, "currency": "EUR", "currency_reason": None,
    "plants": [
        {"row": "plant", "plant": "north", "currency": "EUR", "copq": "1250", "base": "50000",
         "share": "0.025", "provisional": "0", "unconverted": 0, "copq_before": "1000",
         "change": "250", "target_share": "0.03", "over_target": False, "budget": "2000",
         "budget_currency": "EUR", "budget_used": "0.625", "open_stops": 0, "state": "signed",
         "whole": True, "production_day": "2026-04-02", "running": False,
         "today_copq": "40",
         "own": [{"own_currency": "EUR", "own_copq": "1250", "own_base": "50000",
                  "signed_copq": "1250", "changed_since_signed": None}],
         "left_out": None}
    ],
    "total": {"row": "total", "currency": "EUR", "copq": "1250", "base": "50000", "share": "0.025",
              "provisional": "0", "copq_before": "1000", "change": "250", "target_share": None,
              "over_target": False, "open_stops": 0},
    "seen": None,
    **_WAITING,
}  # fmt: skip
PROBLEMS_ANSWER = {
    "at": _AT, "from": "2026-03-01", "to": "2026-04-01", "ranked_by": "money",
    "rows": [
        {"rank": 1, "function": "planning", "problem": "forecast", "defect_code": "forecast",
         "element": None, "currency": "EUR", "frequency": 4, "event_cost": "250", "cost": "1000",
         "hours": "6", "seconds": "21600", "share": "0.8", "cumulative_share": "0.8",
         "provisional": "0", "interventions": 3, "wrong_routings": 1, "other_master_data": 0,
         "control_share": "0.666666667", "complaints": 2, "handled_by": None, "severity": "3.5",
         "contacts": "2", "people": None, "duration": None,
         "filters": {"function": "planning", "defect_code": "forecast"},
         "entries": "/v1/entries?from=2026-03-01&to=2026-04-01&category=copq&function=planning"
         "&defect_code=forecast",
         "command": "copq entries --category copq --from 2026-03-01 --to 2026-04-01 "
         "--function planning --code forecast"}
    ],
    "totals": [
        {"currency": "EUR", "problems": 3, "frequency": 9, "cost": "1250", "hours": "8.5",
         "seconds": "30600", "interventions": 4, "wrong_routings": 1, "other_master_data": 1,
         "complaints": 2, "earned": "-40", "net": "1210"}
    ],
    **_WAITING,
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
_COQ_ROW: dict[str, Any] = {
    "from": "2026-03-01", "plant": "north", "currency": "EUR", "figure": "coq", "amount": "1350",
    "base": "revenue", "base_amount": "8100", "percentage_name": "coq % of revenue",
    "percentage": "16.666666667", "percentage_reason": None, "units": "1000", "per_unit": "1.35",
    "budget": "1200", "variance": "150", "variance_percent": "12.5", "previous": "1400",
    "change": "-50", "change_percent": "-3.571428571", "year_ago": "1500", "year_change": "-150",
    "year_change_percent": "-10", "baseline": "2026-02-01",
    "return_on_quality": "0.071428571", "provisional": "0", "unconverted": 0, "flags": [],
    "reported": "as restated",
}  # fmt: skip
COQ_ANSWER = {
    "at": _AT, "from": "2026-03-01", "to": "2026-04-01", "as": "restated", "as_of": None,
    "reported": "as restated", "bases": ["revenue"],
    "rows": [_COQ_ROW], "rows_total": 7,
    "totals": [
        {name: value for name, value in _COQ_ROW.items() if name != "plant"}
        | dict.fromkeys(("from", "previous", "change", "change_percent", "year_ago", "year_change",
                         "year_change_percent", "baseline",
                         "return_on_quality"))
    ],
    **_WAITING,
}  # fmt: skip
CONFORMANCE_ANSWER = {
    "at": _AT, "from": "2025-01-01", "to": "2026-04-01",
    "rows": [
        {"from": "2026-03-01", "currency": "EUR", "level": "0.975", "units": "1000", "good": "975",
         "conformance": "250", "failure": "1100", "total": "1350", "conformance_per_unit": "0.25",
         "failure_per_unit": "1.1", "total_per_unit": "1.35", "is_lowest": False, "reason": None}
    ],
    "optima": [
        {"currency": "EUR", "level": "0.982", "low": "0.979", "high": "0.986", "total": "1.21",
         "confidence": "0.95", "reason": None}
    ],
    **_WAITING,
}  # fmt: skip
BASES_ANSWER = {
    "at": _AT,
    "rows": [
        {"plant": "north", "month": "2026-03", "base": "revenue", "amount": "8100",
         "currency": "EUR", "version": 2, "in_force": True, "set_at": _AT, "set_by": "carla",
         "source": "bases.csv", "why": "annual accounts"}
    ],
    "rows_total": 1,
}  # fmt: skip
GROUPS_ANSWER = {
    "at": _AT,
    "rows": [
        {"plant": "north", "grouping": "family", "product": "TR29", "group": "tyre valves",
         "effective_from": "2026-01-01", "version": 1, "in_force": True, "set_at": _AT,
         "set_by": "carla", "source": "groups.csv", "why": "families of 2026"}
    ],
    "rows_total": 1,
}  # fmt: skip
STANDING_COSTS_ANSWER = {
    "at": _AT,
    "rows": [
        {"plant": "north", "line": None, "name": "calibration contract", "category": "appraisal",
         "element": "contracts", "amount": "3100", "currency": "EUR", "first_day": "2026-01-01",
         "last_day": "2026-12-31", "note": None, "number": 2, "version": 2, "state": "in force",
         "posted_until": "2026-03-02", "set_at": _AT, "set_by": "carla",
         "source": "costs.csv", "why": "contract of 2026"}
    ],
    "rows_total": 1,
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

_PROJECT_MONEY: dict[str, Any] = {
    "promised": "300", "forecast": "300", "claimed": "190", "validated": "70", "in_budget": "50",
    "variance": "-230", "realisation_rate": "0.233333333", "gross": "230", "realised": "200",
    "first_reported": "95", "restated": "90", "invested": "1200", "roi": "-0.941666667",
    "payback": None, "npv": "-1130.450921", "irr": "-0.999999999", "return_on_quality":
    "0.166666667", "in_year": "70", "carry_over": "280", "run_rate": "840",
    "promised_in_year": "300", "promised_carry_over": "0", "promised_run_rate": "0",
    "not_measured": "-100", "off_promise": "30", "overlap": "-30", "other_types": "0",
    "not_claimed": "-10", "reduced": "-10", "rejected": "0", "waiting": "-110",
    "excess": "0", "waits_since": _AT,
    "reasons": {"payback": "savings do not exceed the investment yet"},
}  # fmt: skip
PROJECTS_ANSWER = {
    "at": _AT, "from": None, "to": "2026-08-01", "year": 2026, "counted": ["hard"],
    "rows": [
        {"plant": "north", "project": "caps", "state": "realised", "owner": "olga",
         "sponsor": "sven", "starts": "2026-04-15", "status": "holding", "is_proven": True,
         "is_discovery": True, "currency": "EUR", **_PROJECT_MONEY}
    ],
    "rows_total": 1,
    "types": [
        {"plant": "north", "project": "caps", "owner": "olga", "type": "hard", "currency": "EUR",
         "promised": "300", "forecast": "300", "claimed": "190", "validated": "70",
         "in_budget": "50", "variance": "-230", "realisation_rate": "0.233333333",
         "is_counted": True}
    ],
    "totals": [{"by": "plant", "name": "north", "currency": "EUR", "projects": 1,
                **_PROJECT_MONEY}],
    "discoveries": {"rate": "0.05", "tested": 1, "named": 1,
                    "basis": "1 of 1 tested savings is a discovery. …"},
    "basis": "Sums, ROI, payback, NPV and IRR count hard savings alone, …",
}  # fmt: skip
PROJECT_ANSWER = {
    "at": _AT, "to": "2026-08-01", "plant": "north", "project": "caps", "state": "realised",
    "owner": "olga", "sponsor": "sven", "starts": "2026-04-15", "currency": "EUR", "since": _AT,
    "by": "olga", "why": None,
    "frozen": {"plan": 1, "revision": 3, "rates_at": _AT, "booked_until": _AT, "currency": "EUR",
               "sha256": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
               "frozen_at": _AT, "frozen_by": "carla"},
    "plan": {"plant": "north", "scope": {"line": ["L1"]}, "baseline_first": "2026-01-01",
             "baseline_last": "2026-03-31", "starts": "2026-04-15", "currency": "EUR",
             "exposure": "units", "yearly_rate": "0.08"},
    "steps": [{"what": "propose", "state": "proposed", "at": _AT, "by": "olga", "why": None}],
    "investments": [{"name": "capper", "kind": "once", "first_month": "2026-04-01",
                     "last_month": None, "amount": "1200", "currency": "EUR", "set_at": _AT,
                     "set_by": "olga", "why": None}],
    "verdict": {"until": "2026-07-31", "is_proven": True, "status": "holding",
                "is_provisional": True, "computed_at": _AT},
    "counted": ["hard"],
    "months": [
        {"month": "2026-05", "days": 31, "baseline": "1000", "actual": "880", "volume": "0",
         "mix": "0", "rates": "0", "non_routine": "0", "without_baseline": "0",
         "performance": "-120", "gross": "120", "net": "90", "low": "61.5", "high": "118.2",
         "first_reported": "95", "promised": "100", "forecast": "100", "claimed": "80",
         "validated": "70", "in_budget": "50", "decisions": ["reduced"],
         "excess": None, "waits_since": None}
    ],
    "types": [
        {"month": "2026-05", "type": "hard", "promised": "100", "forecast": "100",
         "claimed": "80", "decision": "reduced", "validated": "70", "in_budget": "50",
         "waits_since": None}
    ],
    "money": _PROJECT_MONEY, "basis": "Sums, ROI, payback, NPV and IRR count hard savings alone, …",
}  # fmt: skip


BRIDGE = (
    "The months of a project: from the mean month of the frozen baseline by volume, mix, rates, "
    "what is not routine, what has no baseline, and performance to what was lost; the parts always "
    "add up. As it is now and as it was first reported. With `month` its lines and products and "
    "every entry too, as booked and at the frozen rates. See docs/projects.md."
)
BRIDGE_ANSWER = {
    "at": _AT, "plant": "north", "project": "caps", "currency": "EUR",
    "months": [
        {"month": "2026-05", "days": 31, "baseline": "1000", "volume": "0", "mix": "0",
         "rates": "0", "non_routine": "0", "without_baseline": "0", "performance": "-120",
         "actual": "880", "gross": "120", "overlap": "30", "net": "90", "low": "61.5",
         "high": "118.2", "is_demonstrated": True, "left_as_booked": 0, "residual": "0",
         "is_over": True, "version": 2, "computed_at": _AT, "first_reported_gross": "120",
         "first_reported_net": "95", "restated": "-5", "reason": None}
    ],
    "opened": "2026-05",
    "cells": [
        {"line": "L1", "product": "widget", "volume": "0", "mix": "0", "rates": "0",
         "non_routine": "0", "without_baseline": "0", "performance": "-120",
         "baseline_at_frozen_rates": "3000", "baseline_exposure": "9000", "booked": "880",
         "at_frozen_rates": "880", "exposure": "3000", "is_claimable": True}
    ],
    "entries": [], "entries_total": 88, "basis": "Each month is compared with the frozen …",
}  # fmt: skip


EVIDENCE = (
    "Whether a project's saving is proven and lasts, as its production days were tested last: the "
    "verdict with its figures, and next to it what explains it and does not change the status: "
    "regression, placebo scopes, trends, changes of level, forecast, control charts. Each part has "
    "its words, what it assumes, and a `reason` where it is not known. `level` of a day is its "
    "losses over what the baseline lets expect. CSV has all days. See "
    "docs/statistics-of-savings.md."
)
_ESTIMATE = {"value": "0.12", "low": "0.09", "high": "0.15", "p_value": "0.0001"}
_TOLD = {"reason": None, "words": "…", "assumes": "…"}
_CHART = {"centre": "1", "low": "0.4", "high": "1.6", "days": 61,
          "signals": [{"test": 2, "says": "nine points in a row on one side of the centre",
                       "days": 52}]}  # fmt: skip
EVIDENCE_ANSWER = {
    "at": _AT, "plant": "north", "project": "caps", "currency": "EUR", "starts": "2026-05-01",
    "baseline_first": "2026-01-01", "baseline_last": "2026-03-31", "reason": None,
    "tested_on": "2026-07-01", "tested_until": "2026-06-30", "computed_at": _AT,
    "verdict": {
        "status": "holding", "is_proven": True, "is_provisional": True, "verdict": "proven",
        "words": "Losses are 12.0% lower than the baseline lets expect …", "promised": "open",
        "alarm_on": None, "proven_on": "2026-06-02", "days": 61, "proven_after": 33,
        "days_needed": 40, "sought": "0.1", "share": "0.12", "low": "0.08", "high": "0.16",
        "share_of_late": "0.12", "log_evidence": "7.1", "saving": "240.1", "saving_low": "160.2",
        "saving_high": "320.4", "is_demonstrated": True, "e_value": "1,212 : 1", "assumes": "…",
    },
    "regression": {**_TOLD, "average": _ESTIMATE, "step": _ESTIMATE, "slope": _ESTIMATE,
                   "drift_before": _ESTIMATE, "fell_before": False},
    "placebo": {**_TOLD, "day": "2026-07-01", "scopes": 24, "at_least_as_large": 0,
                "share": "0.04", "are_enough": True, "fell": "0.11", "errors": "3.9",
                "others": [{"name": "line L2", "fell": "0.02", "errors": "0.6"}]},
    "trend_before": {**_TOLD, "slope": "0.01", "low": "-0.1", "high": "0.12", "p_value": "0.8",
                     "rises": False, "falls": False},
    "trend": {"reason": "9 weeks with production: 13 are needed at least",
              "words": "Not known: …", "assumes": "…"},
    "levels": {**_TOLD, "periods": [{"first": "2026-01-01", "weeks": 13, "level": "1"}]},
    "forecast": {**_TOLD, "months": [{"first": "2026-07-01", "last": "2026-07-30",
                                      "expected": "1000", "saving": "120", "low": "80",
                                      "high": "160"}]},
    "single": {**_TOLD, **_CHART},
    "average": {**_TOLD, **_CHART, "days_above": 0, "days_below": 12},
    "counts": {**_TOLD, **_CHART},
    "band": {"low": "0.86", "high": "1.14"},
    "days": [{"day": "2026-06-30", "is_baseline": False, "lost": "29.5", "not_routine": "0",
              "expected": "33.3", "level": "0.885886", "log_evidence": "7.1",
              "moving_average": "0.9"}],
    "days_total": 151, "methods": "docs/statistics-of-savings.md",
}  # fmt: skip


EXPORT = (
    "The auditor's file: the evidence that approval froze with its SHA-256, the frozen rates, "
    "every ledger entry of the baseline and the months, every version of each month's bridge, "
    "claims, validations and closings. A program without COPQ recomputes each saving from it. The "
    "same file as `copq projects export` writes; the first line is all but the entries, then each "
    "line is an entry. See docs/improvement.md."
)
EXPORT_ANSWER = {
    "format": "copq.project/1", "exported_at": _AT, "plant": "north", "project": "caps",
    "number": 1, "runs": [{"first": "2026-05-01", "last": None}], "owners": ["olga"], "digits": 2,
    "evidence": '{"baseline":{"cells":[]}}', "sha256": "0f" * 32, "frozen_at": _AT,
    "frozen_by": "finn", "steps": [], "rates": {"caps": []}, "others": [], "shares": [],
    "investments": [], "non_routine": [], "substitutes": [], "months": [], "claims": [],
    "validations": [], "closings": [], "columns": ["project", "part", "event_id"],
    "entries": [["caps", "months", "leak-05"]],
}  # fmt: skip


PACK_ANSWER = {
    "plant": "north", "month": "2026-06", "at": "2026-07-01T04:00:00+00:00", "currency": "EUR",
    "is_whole": True, "lines": ["L1", "L2"], "is_signed": True,
    "status": "Signed by carla on 2026-07-02 09:00 CEST (closing 1, closed).", "revision": 3,
    "entries": 18233,
    "months": [
        {
            "month": "2026-06", "prevention": "130", "appraisal": "120", "internal_failure": "550",
            "external_failure": "78", "administrative_failure": "45", "copq": "673", "coq": "923",
            "base": "33300", "copq_percent": "2.021021021", "target_percent": "1.8",
            "budget": "400", "units": "3330", "provisional": "0", "first_reported": "673",
            "state": "closed", "signed": "673", "restated_since": "0",
            "signed_at": "2026-07-02T07:00:00+00:00", "signed_by": "carla",
            "digest": "2de427e1c8630d4517f17d5b5df15127c4a0b0bc02e42584b75205f70f5a3d73",
        }
    ],
    "by_line": [], "problems": [
        {
            "rank": 1, "function": None, "problem": "cap-loose", "currency": "EUR", "cost": "200",
            "hours": "0", "entries": 2, "share": "0.297176820",
            "cumulative_share": "0.297176820",
        }
    ],
    "why": {}, "key_figures": {}, "conformance": {}, "projects": {}, "unfinished": {},
    "rejected": 0, "not_closed": [],
}  # fmt: skip
UNPRICED = (
    "What the figures do not include yet: events that lack a rate, by reason, with an estimate of "
    "their worth at the nearest known rates; corrections whose event has not arrived; and open "
    "stops, which count until now. The totals include all of them. As a table: the events."
)
UNPRICED_ANSWER = {
    "at": "2026-03-02T12:00:00+01:00",
    "unpriced": [
        {
            "reason": "no cost table of gadget in north on 2026-03-02", "event_type": "defect",
            "plant": "north", "line": "L1", "product": "gadget", "events": 3,
            "since": "2026-03-02T10:00:01+01:00",
            "first_occurred_at": "2026-03-02T10:00:00+01:00",
            "last_occurred_at": "2026-03-02T11:30:00+01:00", "unknown": 3, "currency": None,
            "worth": None, "base": None, "first_version": None, "last_version": None,
            "nearest_from": None, "nearest_to": None,
        }
    ],
    "unpriced_totals": {"groups": 1, "events": 3, "unknown": 3, "worth": {}},
    "corrections": [], "corrections_total": 0, "open_stops": [],
    "open_stops_totals": {"stops": 0, "cost": {}},
}  # fmt: skip
CORRECTIONS = (
    "Which event each correction voids or replaces, why, by whom, its state, and the entries that "
    "were booked because of it."
)
CORRECTIONS_ANSWER = {
    "corrections": [
        {
            "event_id": "c-1", "corrects": "mes-3", "replacement": None,
            "occurred_at": "2026-03-02T14:00:00+01:00", "plant": "north", "line": "L1",
            "reason": "counted twice", "booked_by": "press-7", "state": "applied", "why": None,
            "applied_at": "2026-03-02T14:00:01+01:00", "entries": ["mes-3#2"],
        }
    ]
}  # fmt: skip


def answers(
    example: Any, excel: bool = False, table: bool = True
) -> dict[int | str, dict[str, Any]]:
    """The responses of one question, for OpenAPI; `excel`: as a workbook, too; `table`: as CSV."""
    return {
        200: {
            "description": "The figures.",
            "content": {
                "application/json": {"example": example},
                **({"text/csv": {"schema": {"type": "string"}}} if table else {}),
                **({XLSX: {"schema": {"type": "string", "format": "binary"}}} if excel else {}),
            },
        },
    }
