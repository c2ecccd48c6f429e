"""Impossible questions are answered with 422 and a sentence; none is a fault of ours."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from copq.access.door import OpenDoor
from copq.figures import entries_cursor as cursor
from copq.figures.entries import Place
from copq.schemas.priced import ELEMENTS
from copq.web.answers import add_error_handlers
from tests.integration.reporting.api.test_figures import DAY, filled
from tests.support.reporting.api.asking import NOW, Api, assert_is_problem
from tests.support.reporting.api.shared_app import asking
from tests.support.searching import soaking

PATHS = (
    "/v1/copq", "/v1/trailing", "/v1/drivers", "/v1/periods", "/v1/entries", "/v1/board",
    "/v1/plan", "/v1/coq", "/v1/coq/conformance", "/v1/bases", "/v1/groups", "/v1/why",
    "/v1/what-if", "/v1/problems", "/v1/standing-costs", "/v1/projects",
    "/v1/unpriced", "/v1/corrections",
)  # fmt: skip
DOMAIN = Path(__file__).parents[4] / "docs/domain.md"
HOSTILE = (
    "", " ", "\x00", "a\nb", "\x7f", "'", '"', "%", "\\", "💥" * 50, "\u202e", "-1", "1e400", "NaN",
    "9" * 40, "0001-01-01", "0001-01", "9999-12-31", "9999-12", "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00+14:00", "2026-02-30", "2026-06-29T10:00", "2026-W27-1", "10000-01-01",
    "line,line", "plant,", "null", "copq", "hour", "downtime", "L1", "2026-06", "month", "1", "é",
)  # fmt: skip
_EACH = 3
"""One of so many questions, so that each parameter holds other values; a soak asks them all."""


@pytest.fixture
async def asked(database: str) -> AsyncIterator[Api]:
    """The board is asked as well."""
    async with asking(database, Api(OpenDoor()), board=True) as found:
        yield found


@pytest.mark.hypothesis
@pytest.mark.parametrize("path", PATHS)
async def test_whatever_a_parameter_holds_the_answer_is_figures_or_a_sentence(
    conn: Any, asked: Api, path: str
) -> None:
    await filled(conn)
    document = await asked.get("/openapi.json")
    names = [found["name"] for found in document["paths"][path]["get"]["parameters"]]
    questions = [{name: value} for name in names for value in HOSTILE]
    if "grain" in names:
        edges = [value for value in HOSTILE if value[:1].isdigit()]
        asked_of = [n for n in ("from", "to", "bucket", "as_of") if n in names]
        questions += [
            {"grain": grain, name: value, "plant": "north"}
            for grain in ("hour", "month") for name in asked_of for value in edges
        ]  # fmt: skip
    for question in questions[:: 1 if soaking() else _EACH]:
        answer = await asked.client.get(path, params=question)
        assert answer.status_code in (200, 422), (question, answer.text)
        if answer.status_code == 422:
            assert_is_problem(answer, 422)


IMPOSSIBLE = [
    ("/v1/entries?event_id=%00", "event_id holds U+0000 (control character)"),
    ("/v1/trailing?element=%00", "element holds U+0000 (control character)"),
    ("/v1/copq?grain=hour&from=0001-01-01", '"0001-01-01" is out of range: name a year from'),
    ("/v1/entries?bucket=9999-12-31", '"9999-12-31" is out of range'),
    ("/v1/board?day=0001-01-01", '"0001-01-01" is out of range'),
    ("/v1/periods?month=0001-01", '"0001-01" is out of range'),
    ("/v1/copq?plnat=north", '"plnat" is not a parameter of /v1/copq; did you mean "plant"?'),
    (
        "/v1/trailing?window=5m",
        "(it has by, plant, line, product, group, grouping, element, currency, base, format, "
        "limit)",
    ),
    ("/v1/board?foo=1", '"foo" is not a parameter of /v1/board'),
    ("/v1/copq?plant=north&plant=south", "plant is given twice"),
    ("/v1/entries?element=defekt", "scrap, recovery_overhead, rework, downgrade, downtime, pl"),
    ("/v1/copq?element=defekt", '"defekt" is none of defect'),
    ("/v1/trailing?element=defekt", 'did you mean "defect"?'),
    ("/v1/entries?category=foo", "internal_failure, external_failure, administrative_failure"),
    (
        "/v1/copq?from=2025-06-10&to=2025-06-01",
        "to (2025-06-01) must be after from (2025-06-10)",
    ),
    ("/v1/copq?from=2025-06-10&to=2025-06-10", "must be after"),
    ("/v1/copq?grain=hour&from=2025-06-10T07:00&to=2025-06-10T06:00", "must be after"),
    ("/v1/drivers?from=2025-06-10&to=2025-06-01", "must be after"),
    ("/v1/entries?from=2025-06-10&to=2025-06-01", "must be after"),
    ("/v1/entries?from=2025-06-10T07:00&to=2025-06-10", "must be after"),
]


async def test_a_question_that_cannot_be_meant_is_told_so(conn: Any, asked: Api) -> None:
    await filled(conn)
    for address, said in IMPOSSIBLE:
        answer = await asked.client.get(address)
        assert answer.status_code == 422, (address, answer.text)
        assert_is_problem(answer, 422)
        assert said in answer.json()["detail"], address


async def test_an_end_alone_is_the_end_of_a_window_as_long_as_ever(conn: Any, api: Api) -> None:
    await filled(conn)
    for grain, end, start in (
        ("day", "2025-06-01", "2025-05-02"),
        ("hour", "2025-06-01T06:00+02:00", "2025-05-31T06:00:00+02:00"),
        ("day", "2027-01-01", "2026-05-31"),
    ):
        assert (await api.get("/v1/copq", grain=grain, to=end))["from"] == start
    assert (await api.get("/v1/drivers", to="2025-06-01"))["from"] == "2025-05-02"


@pytest.mark.parametrize(
    ("event_id", "number", "year"), [("\x00", 1, 2026), ("a", 2**40, 2026), ("a", 1, 1)]
)
async def test_a_cursor_that_was_tampered_with_is_refused(
    conn: Any, api: Api, event_id: str, number: int, year: int
) -> None:
    await filled(conn)
    tampered = cursor.encode(Place(NOW, NOW.replace(year=year), event_id, number))
    said = await api.get("/v1/entries", 422, cursor=tampered)
    assert "copy it unchanged" in said["detail"]


def test_the_elements_are_those_that_the_domain_names() -> None:
    formulas = DOMAIN.read_text(encoding="utf-8").partition("## Formulas")[2]
    rows = re.findall(r"^\| .*? \| `(\w+)` \| .* \| .* \| .* \|", formulas, re.M)
    assert tuple(dict.fromkeys(rows)) == ELEMENTS


async def test_a_fault_of_ours_has_the_shape_of_all_others() -> None:
    app = FastAPI()
    add_error_handlers(app)

    @app.get("/fails")
    async def fails() -> None:
        raise RuntimeError("nobody foresaw this")

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://copq") as client:
        answer = await client.get("/fails")
    assert_is_problem(answer, 500)
    assert "foresaw" not in answer.text, "what went wrong inside is for the log alone"


async def test_days_of_ones_own_still_find_their_entries(conn: Any, api: Api) -> None:
    await filled(conn)
    said = await api.get("/v1/entries", from_=DAY, to="2026-06-30", element="downtime")
    assert [entry["event_id"] for entry in said["entries"]] == ["s1"]
