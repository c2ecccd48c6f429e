"""A file's names are values: the key of an event and the values of a mapping, in any spelling."""

from copq.ingest.files.conditions import check
from copq.ingest.files.event_fields import _translated
from copq.ingest.files.event_id import event_id
from copq.ingest.files.mapping import Condition
from copq.ingest.files.numbers import number_reader

NFC, NFD = "Café", "Cafe\u0301"


def test_one_row_in_two_spellings_is_one_event() -> None:
    ids = {event_id("mes", "defect", 0, [name, "1"]) for name in (NFC, NFD, f"{NFC}\u00a0")}
    assert len(ids) == 1
    assert event_id("mes", "defect", 0, ["a", "b"]) != event_id("mes", "defect", 0, ["a b"])


def test_values_and_conditions_find_the_other_spelling() -> None:
    assert _translated("line", "Linie", {NFC: "L1"})({"Linie": NFD}) == "L1"
    assert check({"Linie": Condition(one_of=(NFD,))}, number_reader(None))({"Linie": NFC})
    assert check({"Linie": Condition(prefix="Cafe\u0301")}, number_reader(None))(
        {"Linie": "Café 7"}
    )
