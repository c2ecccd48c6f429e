"""What approval freezes, as JSON text with one spelling, and the baseline that it holds."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pydantic import BaseModel

from copq.improvement.projects.plan import BenefitType, Plan, promised
from copq.projects.baseline import Baseline, BaselineCell, LedgerPart, RateVersion
from copq.projects.plan_json import plain, plan_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """All that approval freezes."""

    name: str
    owner: str
    sponsor: str
    plan: Plan
    revision: int
    rates_at: datetime
    rates: Sequence[RateVersion]
    booked_until: datetime
    ledger: LedgerPart
    baseline: Baseline

    @property
    def promise(self) -> dict[tuple[date, BenefitType], Decimal]:
        return promised(self.plan.benefits)


def evidence_of(frozen: Frozen) -> str:
    """JSON with sorted keys and no spaces: the same facts make the same text."""
    return json.dumps(
        {
            "project": frozen.name,
            "owner": frozen.owner,
            "sponsor": frozen.sponsor,
            "plan": plan_json(frozen.plan),
            "promise": promise_json(frozen.promise),
            "rates": {
                "revision": frozen.revision,
                "at": instant(frozen.rates_at),
                "versions": [asdict(one) for one in frozen.rates],
            },
            "ledger": {"booked_until": instant(frozen.booked_until), **asdict(frozen.ledger)},
            "baseline": baseline_json(frozen.baseline),
        },
        sort_keys=True, separators=(",", ":"), ensure_ascii=False,
    )  # fmt: skip


def digest_of(evidence: str) -> bytes:
    """SHA-256 of the text in UTF-8, as Postgres checks it."""
    return hashlib.sha256(evidence.encode()).digest()


def instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def promise_json(promise: Mapping[tuple[date, BenefitType], Decimal]) -> list[dict[str, str]]:
    return [
        {"month": str(month), "type": str(kind), "amount": plain(amount)}
        for (month, kind), amount in sorted(promise.items())
    ]


def baseline_json(baseline: Baseline) -> dict[str, Any]:
    return {
        "months": str(baseline.months),
        "left_as_booked": baseline.left_as_booked,
        "cells": [
            {
                "line": cell.line,
                "product": cell.product,
                "booked": plain(cell.booked),
                "at_frozen_rates": plain(cell.at_frozen_rates),
                "exposure": plain(cell.exposure),
            }
            for cell in sorted(baseline.cells, key=lambda c: (c.line, c.product))
        ],
    }


def baseline_of(evidence: str) -> Baseline:
    """The baseline that approval froze."""
    content = json.loads(evidence)["baseline"]
    return Baseline(
        Fraction(content["months"]), tuple(map(_cell, content["cells"])), content["left_as_booked"]
    )


def _cell(content: Mapping[str, str]) -> BaselineCell:
    figures = (Decimal(content[name]) for name in ("booked", "at_frozen_rates", "exposure"))
    return BaselineCell(content["line"], content["product"], *figures)


def rate_text(rate: BaseModel) -> str:
    """What a rate says, as JSON with sorted keys and no spaces: the text of its digest."""
    content = rate.model_dump(mode="json", exclude={"effective_from", "effective_to"})
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
