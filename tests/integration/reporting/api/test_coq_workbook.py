"""The cost-of-quality report as an Excel file: the figures of the API, by formulas."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from copq.schemas.targets import TargetFile
from copq.targets.store import import_targets
from tests.integration.reporting.api.test_coq import CARLA, filled, set_bases
from tests.support.reporting.api.asking import Api
from tests.support.reporting.sheets import Calculated


async def opened(api: Api, path: str, **asked: Any) -> Calculated:
    answer = await api.client.get(path, params={**asked, "format": "xlsx"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    assert ".xlsx" in answer.headers["content-disposition"]
    return Calculated(answer.content)


async def test_the_workbook_has_the_figures_of_the_answer_and_calculates_them(
    conn: Any, api: Api
) -> None:
    book = await filled(conn)
    await set_bases(conn, book, {"amount": "4500"}, {"amount": "7000", "month": "2026-05"})
    start = datetime.fromisoformat("2026-06-01T06:00+02:00")
    budget = {"plant": "north", "effective_from": start, "category": "appraisal", "amount": "50"}
    file = TargetFile.model_validate({"budgets": [budget]})
    await import_targets(conn, file, book, "targets.yaml", CARLA)
    asked = {"from": "2026-05", "base": "revenue,cost of production"}
    found = await opened(api, "/v1/coq", **asked)
    assert found.formulas.sheetnames == ["Report", "Bases", "Budget", "Trend"]
    checked, wrong = found.differences()
    assert wrong == [] and checked > 100
    answer = await api.get("/v1/coq", from_="2026-05", base=asked["base"])
    report = {(row["month"], row["plant"]): row for row in found.rows("Report")}
    for row in answer["rows"]:
        shown = report[datetime.fromisoformat(row["from"]), row["plant"]]
        name = {"copq": "COPQ", "coq": "CoQ"}.get(row["figure"], row["figure"].replace("_", " "))
        assert shown[name] == float(row["amount"])
        percentage = row["percentage"] and float(row["percentage"])
        assert shown[f"{name} % of {row['base']}"] == percentage
    [total] = [row for row in found.rows("Report") if row["month"] == "all months"]
    assert total["CoQ"] == 2 * (1300 + 900) * 0.75
    page: Any = found.formulas["Report"]
    assert len(page._charts) == 1
    [planned] = [row for row in found.rows("Budget") if row["budget"] is not None]
    assert (planned["actual"], planned["over budget"], planned["over budget %"]) == (40, -10, -20)
    june = [row for row in found.rows("Trend") if row["cost"] == "CoQ" and row["change"]]
    assert {(row["plant"], row["change"]) for row in june} == {("north", -400), ("south", -200)}
    reasons = [row["why there is none"] for row in found.rows("Bases") if row["amount"] is None]
    assert all("there is no revenue of south" in reason for reason in reasons) and reasons


async def test_each_table_is_a_sheet_and_text_is_never_a_formula(conn: Any, api: Api) -> None:
    book = await filled(conn)
    await set_bases(conn, book, {"amount": "4500", "base": "=1+1"})
    found = await opened(api, "/v1/bases")
    [row] = found.rows("copq-bases")
    assert (row["base"], Decimal(row["amount"])) == ("=1+1", 4500)
    assert found.differences() == (0, [])
    whole = (await opened(api, "/v1/drivers", **{"from": "2026-05-01"})).rows("copq-drivers")
    assert [row["net"] for row in whole] == [1200.0 + 1800.0]
