"""What docs/api.md and OpenAPI say can be asked as it stands."""

import re
from pathlib import Path
from typing import Any

import pytest

from copq.rates.file import parse_rates
from copq.rates.store import import_rates
from tests.support.reporting.api.asking import Api, assert_is_problem

ROOT = Path(__file__).parents[4]
ADDRESSES = re.findall(r"^curl '[^/]+//[^/]+(/[^']+)'", (ROOT / "docs/api.md").read_text(), re.M)

EXPORT = "projects/{plant}/{name}/export"
QUESTIONS = (
    "copq", "trailing", "drivers", "why", "kpis", "periods", "entries", "plan", "coq", "bases",
    "coq/conformance", "company",
    "what-if", "problems",
    "groups", "standing-costs", "unpriced", "corrections", "projects", "projects/{plant}/{name}",
    "projects/{plant}/{name}/bridge", "projects/{plant}/{name}/evidence", EXPORT, "pack",
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
async def test_each_example_is_answered(conn: Any, api: Api, address: str) -> None:
    rates = parse_rates((ROOT / "examples/bottling_plant/rates.yaml").read_text())
    await import_rates(conn, rates, "test", "test")
    answer = await api.client.get(address)
    assert answer.status_code == 200, answer.text


async def test_every_question_has_an_example_of_its_answer(api: Api) -> None:
    paths = (await api.get("/openapi.json"))["paths"]
    assert set(paths) == {f"/v1/{what}" for what in QUESTIONS}
    for name, path in paths.items():
        said = path["get"]["responses"]["200"]["content"]
        assert said["application/json"]["example"]
        assert ("text/csv" in said) == (name != f"/v1/{EXPORT}")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/v1/copq?grain=week", 'grain is hour, day or month; not "week"'),
        ("/v1/drivers?top=none", 'top: "none" should be a valid integer'),
        ("/v1/drivers?top=0&plant=north", "top:"),
        ("/v1/copq?plant=nowhere", 'plant "nowhere"'),
        ("/v1/copq?by=colour", "colour"),
        ("/v1/entries?cursor=x", "cursor"),
    ],
)
async def test_whatever_is_refused_is_told_in_one_sentence(
    api: Api, address: str, said: str
) -> None:
    answer = await api.client.get(address)
    assert answer.status_code == 422
    assert_is_problem(answer, 422)
    assert said in answer.json()["detail"]


async def test_openapi_knows_that_shape_and_no_other(api: Api) -> None:
    document = await api.get("/openapi.json")
    assert "HTTPValidationError" not in str(document)
    for path in document["paths"].values():
        for status in ("401", "403", "422", "500", "503"):
            (schema,) = path["get"]["responses"][status]["content"].values()
            assert schema["schema"]["title"] == "NotAnswered"


def test_there_are_examples() -> None:
    assert len(ADDRESSES) == 22
