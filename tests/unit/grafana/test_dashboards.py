"""The dashboards as files: fresh, of sources that are there, on the grid, and linked."""

import re
from itertools import combinations
from typing import Any

import yaml

from deploy.grafana.generate import FOLDER, dashboards
from tests.support.grafana.filling import boards, panel, panels

PROVISIONING = FOLDER.parent / "provisioning"
KINDS = {"stat", "timeseries", "table", "bargauge", "barchart"}


def links(of: dict[str, Any]) -> list[str]:
    return [link["url"] for link in of["fieldConfig"]["defaults"].get("links", [])]


def test_the_files_are_what_the_code_makes() -> None:
    for path, text in dashboards().items():
        assert path.read_text("utf-8") == text, f"{path.name} is stale: run make dashboards"


def test_every_panel_says_what_it_shows_and_asks_a_source_that_is_provisioned() -> None:
    sources = yaml.safe_load((PROVISIONING / "datasources" / "copq.yml").read_text())
    known = {source["uid"]: source["type"] for source in sources["datasources"]}
    for name, shown in panels():
        assert shown["type"] in KINDS, name
        assert shown["description"], name
        for of in (shown, *shown["targets"]):
            source = of["datasource"]
            assert known[source["uid"]] == source["type"], name


def test_what_is_shown_as_of_now_is_asked_for_now() -> None:
    """A range with its last value would show what ended hours ago."""
    for name, shown in panels():
        asked = [target for target in shown["targets"] if "expr" in target]
        for target in asked:
            assert target.get("instant", False) is (shown["type"] != "timeseries"), name
            assert target.get("range", False) is (shown["type"] == "timeseries"), name
        if shown["type"] == "stat":
            assert shown["fieldConfig"]["defaults"]["noValue"], name


def test_panels_fill_the_rows_of_the_grid_and_do_not_lie_on_one_another() -> None:
    for board in boards().values():
        taken: set[tuple[int, int]] = set()
        for shown in board["panels"]:
            at = shown["gridPos"]
            cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
            assert at["x"] + at["w"] <= 24, shown["title"]
            assert not cells & taken, shown["title"]
            taken |= cells
        last = max(shown["gridPos"]["y"] for shown in board["panels"])
        for y in {shown["gridPos"]["y"] for shown in board["panels"]} - {last}:
            assert {x for x, row in taken if row == y} == set(range(24)), board["title"]
        assert len({shown["id"] for shown in board["panels"]}) == len(board["panels"])


def test_money_names_its_currency() -> None:
    """In the title, in the legend, or in a column next to it."""
    for name, shown in panels():
        asked = str(shown["targets"])
        share = shown["fieldConfig"]["defaults"].get("unit") == "percentunit"
        if shown["type"] != "table" and re.search("_cost|sum\\(net|as before", asked) and not share:
            legends = [target.get("legendFormat") for target in shown["targets"]]
            assert shown["fieldConfig"]["defaults"]["unit"] == "locale", name
            assert "currency" in str([shown["title"], legends]), name


def test_columns_of_figures_have_a_unit_and_the_worst_comes_first() -> None:
    for name, shown in panels():
        if shown["type"] != "table":
            continue
        overridden = {
            override["matcher"]["options"]: {p["id"]: p["value"] for p in override["properties"]}
            for override in shown["fieldConfig"]["overrides"]
        }
        assert all(properties["unit"] for properties in overridden.values()), name
        for named in shown.get("transformations", []):
            for column in named["options"].get("renameByName", {}).values():
                assert column in overridden, f"{name}: {column}"
    lines = panel("copq-now: Lines")
    assert lines["options"]["sortBy"] == [{"displayName": "of target, last hour", "desc": True}]
    [against] = [
        override["properties"]
        for override in lines["fieldConfig"]["overrides"]
        if override["matcher"]["options"] == "of target, last hour"
    ]
    steps = {p["id"]: p["value"] for p in against}["thresholds"]["steps"]
    assert steps[-1] == {"value": 1, "color": "semi-dark-red"}


def test_every_figure_leads_to_what_it_is_made_of() -> None:
    for name, shown in panels():
        if not name.startswith("pipeline"):
            assert links(shown), name


def test_links_go_to_panels_that_are_there_and_set_variables_that_are_known() -> None:
    by_uid = {board["uid"]: board for board in boards().values()}
    for name, shown in panels():
        for url in links(shown):
            if not url.startswith("/d/"):
                assert url.startswith(
                    (
                        "/alerting/list",
                        "${board:raw}/?plant=",
                        "${board:raw}/projects",
                    )
                ), name
                continue
            target = by_uid[url.split("?")[0].removeprefix("/d/")]
            known = {variable["name"] for variable in target["templating"].get("list", [])}
            asked = re.findall(r"var-(\w+)=", url) + re.findall(r"\{(\w+):queryparam\}", url)
            assert set(asked) <= known, f"{name}: {url}"
            for number in re.findall(r"viewPanel=(\d+)", url):
                assert int(number) in [other["id"] for other in target["panels"]], url
            values = re.findall(r"\$\{__(?:data|field)[^}]*\}", url)
            assert all(value.endswith(":percentencode}") for value in values), url


def test_links_ask_for_labels_and_columns_that_the_panel_has() -> None:
    for name, shown in panels():
        queries = " ".join(t.get("rawSql", "") + t.get("expr", "") for t in shown["targets"])
        legends = " ".join(t.get("legendFormat", "") for t in shown["targets"])
        for url in links(shown):
            for column in re.findall(r"__data\.fields\.(\w+)", url):
                assert re.search(rf"\b{column}\b", queries), f"{name}: {column}"
            for label in re.findall(r"__field\.labels\.(\w+)", url):
                assert f"{{{{{label}}}}}" in legends, f"{name}: {label}"


def test_names_are_put_into_sql_so_that_no_sign_ends_the_text() -> None:
    for name, shown in panels():
        for target in shown["targets"]:
            for before in re.findall(
                r"(.{8})\$\{(?:plant|line|product):", target.get("rawSql", "")
            ):
                assert before == "$name$^(", name
            assert not re.search(r"\$(plant|line|product)\b", target.get("rawSql", "")), name


def test_no_two_dashboards_have_one_address() -> None:
    assert all(a["uid"] != b["uid"] for a, b in combinations(boards().values(), 2))


def test_panels_of_booked_figures_say_so_and_that_open_stops_are_not_in_them() -> None:
    booked = [
        (name, shown)
        for name, shown in panels()
        for target in shown["targets"]
        if re.search(r"copq\.(rollup|reporting_rollup|first_reported)", target.get("rawSql", ""))
    ]
    assert len(booked) == 7
    for name, shown in booked:
        assert ", booked" in name and "still open" in shown["description"], name
