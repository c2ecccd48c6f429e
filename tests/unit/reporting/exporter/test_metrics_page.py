"""docs/metrics.md names every metric that there is."""

from deploy.metrics_page import PAGE, expected_page


def test_the_table_is_what_the_code_has() -> None:
    assert PAGE.read_text("utf-8") == expected_page(), "run make metrics"


def test_names_are_those_of_the_ecosystem() -> None:
    rows = [row.split(" | ") for row in expected_page().splitlines() if row.startswith("| `copq_")]
    assert len(rows) > 40
    for name, kind, *_ in rows:
        bare = name.strip("| `")
        assert bare.endswith("_total") == (kind == "counter"), bare
        for unit in ("millis", "_ms", "percent", "minutes", "hours"):
            assert unit not in bare
