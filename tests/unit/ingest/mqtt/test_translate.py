"""Messages to events: what is odd, late, twice or contradictory."""

import json
from decimal import Decimal
from typing import Any

import pytest

from copq.ingest.mqtt.config_file import parse_config
from copq.ingest.mqtt.memory import Memory
from copq.ingest.mqtt.sparkplug_payload import Metric, _Payload, _whole, decode, rebirth
from copq.ingest.mqtt.translate import Translated, Translator
from copq.schemas.decode import decode as decode_event

HEAD = "broker: mqtt://localhost\nclient_id: c\nsubscriptions:\n"
UMH = HEAD + "  - {topic: 'umh/v1/{enterprise}/{plant}/{line}/_analytics/#', format: umh}\n"
PLAIN = HEAD + "  - {topic: 'q/{plant}/{line}', format: copq}\n"
AT = 1_772_433_000_000  # 2026-03-02T06:30:00Z


class Machine:
    """A translator with an empty memory, spoken to as a machine speaks."""

    def __init__(self, config: str = UMH, base: str = "umh/v1/acme/north/L1/_analytics/") -> None:
        self._translator = Translator(parse_config(config), Memory())
        self._base = base

    def says(self, verb: str, payload: Any, retained: bool = False) -> Translated:
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self._translator.translate(self._base + verb, raw, retained)

    def events(self, verb: str, **payload: Any) -> list[dict[str, Any]]:
        found = self.says(verb, payload)
        assert not found.refused
        return [json.loads(raw) for raw in found.read.events]

    def code(self, verb: str, **payload: Any) -> tuple[str, str]:
        [part] = self.says(verb, payload).refused
        why = part.refusal
        return why.code, why.field


def record(**more: Any) -> dict[str, Any]:
    return {"external_product_type_id": "w", "end_time_unix_ms": AT, "quantity": 10, **more}


def test_a_topic_in_two_spellings_is_one_line() -> None:
    translator = Translator(parse_config(PLAIN), Memory())
    raw = json.dumps({"event_type": "scrap", "occurred_at": "2026-03-02T06:30:00Z",
                      "product": "w", "quantity": 1, "line": "Cafe\u0301"}).encode()  # fmt: skip
    made = [translator.translate(f"q/north/{line}", raw) for line in ("Café", "Cafe\u0301")]
    assert [one.refused for one in made] == [(), ()]
    assert len({decode_event(one.read.events[0]).event_id for one in made}) == 1
    assert {decode_event(one.read.events[0]).line for one in made} == {"Café"}


@pytest.mark.parametrize("topic", ["q/north/L\ufffd", "q/north/L\u200b1", "q/north/a\u202eb"])
def test_a_topic_that_nobody_can_read_is_refused(topic: str) -> None:
    found = Translator(parse_config(PLAIN), Memory()).translate(topic, b"{}")
    [part] = found.refused
    assert part.refusal.code == "bad_identifier" and "U+" in part.refusal.message


REFUSED = [
    ("product/add", {}, ("missing_field", "end_time")),
    ("product/add", record(quantity=0), ("invalid_value", "quantity")),
    ("product/add", record(quantity="many"), ("invalid_value", "quantity")),
    ("product/add", record(bad_quantity=11), ("inconsistent", "bad_quantity")),
    ("product/add", record(bad_quantity=-1), ("invalid_value", "bad_quantity")),
    ("product/add", record(end_time="2026-03-02T06:30:01Z"), ("inconsistent", "end_time")),
    ("product/add", record(end_time_unix_ms=10**30), ("out_of_range", "end_time_unix_ms")),
    ("product/add", record(end_time_unix_ms=True), ("invalid_value", "end_time_unix_ms")),
    ("product/add", record(external_product_id="v"), ("inconsistent", "external_product_id")),
    ("product/add", record(product_batch_id="\0"), ("invalid_value", "product_batch_id")),
    ("state/add", {"state": 5, "start_time_unix_ms": AT}, ("unknown_state", "state")),
    ("state/add", {"state": "x", "start_time_unix_ms": AT}, ("invalid_value", "state")),
    ("state/add", {"state": 10000, "startTime": "2026-03-02"}, ("invalid_value", "startTime")),
    (
        "state/overwrite",
        {"state": 10000, "start_time_unix_ms": AT, "end_time_unix_ms": AT},
        ("inconsistent", "end_time"),
    ),
    ("shift/add", {"start_time_unix_ms": AT}, ("missing_field", "end_time")),
    ("work-order/start", {"start_time_unix_ms": AT}, ("missing_field", "order")),
    ("product/take", {}, ("unknown_message", "")),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "payload", "wanted"), REFUSED)
def test_what_umh_cannot_mean_is_refused(
    verb: str, payload: dict[str, Any], wanted: tuple[str, str]
) -> None:
    assert Machine().code(verb, **payload) == wanted


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b"nul"])
def test_what_is_no_object_is_refused(payload: bytes) -> None:
    assert Machine().says("state/add", payload).outcome == "refused"


@pytest.mark.parametrize(
    "times",
    [
        {"end_time_unix_ms": AT}, {"end_time": AT}, {"endTime": "2026-03-02T06:30:00Z"},
        {"end_time": "2026-03-02T07:30:00+01:00"}, {"endTimeUnixMs": str(AT)},
        {"end_time": "2026-03-02T06:30:00Z", "end_time_unix_ms": AT},
    ],
)  # fmt: skip
def test_a_time_is_taken_however_it_is_written(times: dict[str, Any]) -> None:
    said = {"externalProductId": "w", "quantity": 10, "badQuantity": 2, **times}
    production, reject = Machine().events("product/add", **said)
    assert production["occurred_at"] == reject["occurred_at"] == "2026-03-02T06:30:00.000000+00:00"
    assert (production["good"], reject["quantity"]) == ("8", "2")


def test_the_same_record_again_makes_the_same_events() -> None:
    machine = Machine()
    first = machine.events("product/add", **record(bad_quantity=1))
    assert machine.events("product/add", **record(bad_quantity=1)) == first
    assert machine.code("product/add", **record(quantity=11)) == ("contradiction", "quantity")


def test_a_bad_quantity_is_set_and_not_added() -> None:
    machine = Machine()
    machine.events("product/add", **record(bad_quantity=1))
    said = {"external_product_id": "w", "end_time_unix_ms": AT}
    production, reject = machine.events("product/setBadQuantity", **said, bad_quantity=3)
    assert production["replacement"]["good"] == "7"
    assert reject["replacement"]["quantity"] == "3"
    assert machine.events("product/setBadQuantity", **said, bad_quantity=3) == []
    _, gone = machine.events("product/setBadQuantity", **said, bad_quantity=0)
    assert gone["corrects"] == reject["replacement"]["event_id"]
    assert "replacement" not in gone
    _, fresh = machine.events("product/setBadQuantity", **said, bad_quantity=3)
    assert fresh["event_type"] == "scrap"
    assert fresh["event_id"] != reject["replacement"]["event_id"]
    too_many = machine.code("product/setBadQuantity", **said, bad_quantity=11)
    assert too_many == ("inconsistent", "bad_quantity")


def test_a_bad_quantity_that_is_set_before_its_record_comes_holds() -> None:
    machine = Machine()
    said = {"external_product_id": "w", "end_time_unix_ms": AT}
    [reject] = machine.events("product/setBadQuantity", **said, bad_quantity=3)
    production, again = machine.events("product/add", **record(bad_quantity=1))
    assert production["good"] == "7"
    assert again["event_id"] == reject["event_id"]


def state(code: int, minute: int, **more: Any) -> dict[str, Any]:
    return {"state": code, "start_time_unix_ms": AT + minute * 60_000, **more}


def test_a_state_that_comes_late_shortens_the_stop_before_it() -> None:
    machine = Machine()
    [opened] = machine.events("state/add", **state(40000, 0))
    [closed] = machine.events("state/add", **state(10000, 30))
    late = machine.events("state/add", **state(60000, 10))
    assert [e.get("corrects") for e in late[:2]] == [opened["event_id"], closed["event_id"]]
    assert [(e["started_at"][14:16], e["ended_at"][14:16]) for e in late[2:]] == [
        ("30", "40"), ("40", "00"),
    ]  # fmt: skip


def test_states_that_say_nothing_new_make_no_event() -> None:
    machine = Machine()
    assert machine.events("state/add", **state(10000, 0)) == []
    assert len(machine.events("state/add", **state(180000, 1))) == 1
    assert machine.events("state/add", **state(180000, 2)) == []
    assert machine.says("state/add", state(180000, 2)).outcome == "noted"


def test_overwriting_a_piece_of_a_stop_splits_it() -> None:
    machine = Machine()
    machine.events("state/add", **state(40000, 0))
    machine.events("state/add", **state(10000, 30))
    changed = machine.events(
        "state/overwrite", **state(60000, 10), end_time_unix_ms=AT + 20 * 60_000
    )
    stops = [(e["defect_code"], e["started_at"][14:16]) for e in changed if "started_at" in e]
    assert stops == [("UnspecifiedStop", "30"), ("InletJam", "40"), ("UnspecifiedStop", "50")]


def test_a_state_older_than_what_is_remembered_is_refused() -> None:
    machine = Machine()
    for minute in range(200):
        machine.events("state/add", **state(10000 if minute % 2 else 40000, minute))
    assert machine.code("state/add", **state(40000, -1)) == ("too_late", "start_time")


FUTURE = AT + 20 * 365 * 86_400_000


@pytest.mark.parametrize(
    ("verb", "payload"),
    [
        ("product/add", record(end_time_unix_ms=FUTURE)),
        ("product/setBadQuantity", record(end_time_unix_ms=FUTURE, bad_quantity=1)),
        ("state/add", {"state": 40000, "start_time_unix_ms": FUTURE}),
        ("state/add", {"state": 10000, "start_time_unix_ms": FUTURE}),
        (
            "state/overwrite",
            {"state": 10000, "start_time_unix_ms": AT, "end_time_unix_ms": FUTURE},
        ),
    ],
)
def test_what_umh_says_of_the_future_is_refused_and_changes_nothing(
    verb: str, payload: dict[str, Any]
) -> None:
    machine = Machine()
    machine.events("state/add", **state(10000, 0))
    assert machine.code(verb, **payload)[0] == "in_the_future"
    [opened] = machine.events("state/add", **state(40000, 10))
    [closed] = machine.events("state/add", **state(10000, 20))
    assert "ended_at" not in opened
    assert closed["ended_at"][14:16] == "50"


def test_a_shift_may_be_planned_ahead() -> None:
    times = {"start_time_unix_ms": FUTURE, "end_time_unix_ms": FUTURE + 1}
    assert Machine().says("shift/add", times).outcome == "noted"


def test_one_bad_event_of_an_array_leaves_the_others_alone() -> None:
    found = plain().says("L1", b'[{"event_id": "a"}, {"line": "L2"}, 7, {"event_id": "b"}]')
    assert [json.loads(raw)["event_id"] for raw in found.read.events] == ["a", "b"]
    assert [part.refusal.code for part in found.refused] == ["contradiction", "not_an_object"]
    assert [bytes(part) for part in found.refused] == [b'{"line": "L2"}', b"7"]
    assert found.outcome == "events"


def test_retained_messages_of_umh_are_passed_over() -> None:
    assert Machine().says("product/add", record(), retained=True).outcome == "ignored"


def test_a_refused_message_changes_nothing_that_is_remembered() -> None:
    machine = Machine()
    machine.code("product/add", **record(bad_quantity=11))
    assert len(machine.events("product/add", **record(bad_quantity=1))) == 2


def plain() -> Machine:
    return Machine(PLAIN, "q/north/")


def test_payload_and_topic_must_agree() -> None:
    assert plain().code("L1", line="L2") == ("contradiction", "line")
    assert plain().events("L1", line="L1")[0]["plant"] == "north"


def test_an_id_is_made_of_topic_and_bytes() -> None:
    one, two = plain(), plain()
    assert one.events("L1", a=1) == two.events("L1", a=1)
    ids = {e["event_id"] for t, a in (("L1", 1), ("L2", 1), ("L1", 2)) for e in one.events(t, a=a)}
    assert len(ids) == 3
    assert one.events("L1", event_id="mine")[0]["event_id"] == "mine"


def test_numbers_keep_all_their_digits() -> None:
    raw = b'{"event_id": "a", "quantity": 0.100000000000000000001}'
    assert b"0.100000000000000000001" in plain().says("L1", raw).read.events[0]


SPARKPLUG = (
    HEAD
    + """
  - topic: spBv1.0/g/#
    format: sparkplug
    devices:
      - {group: g, node: n, device: d, plant: north, line: L1, product: w,
         counters: [{metric: C, counts: processed}]}
"""
)


def spb(seq: int | None, at: int = 0, **metrics: Any) -> bytes:
    payload = _Payload(timestamp=AT + at * 60_000)
    if seq is not None:
        payload.seq = seq
    for name, value in metrics.items():
        payload.metrics.add(name=name, long_value=value)
    return bytes(payload.SerializeToString())


def born() -> Machine:
    node = Machine(SPARKPLUG, "spBv1.0/g/")
    node.says("NBIRTH/n", spb(0, bdSeq=1))
    node.says("DBIRTH/n/d", spb(1, C=100))
    return node


def quantities(found: Translated) -> list[str]:
    return [json.loads(raw)["quantity"] for raw in found.read.events]


def test_data_before_a_birth_asks_for_one_and_counts_nothing() -> None:
    node = Machine(SPARKPLUG, "spBv1.0/g/")
    found = node.says("DDATA/n/d", spb(7, C=5))
    assert (found.outcome, found.read.commands[0].topic) == ("ignored", "spBv1.0/g/NCMD/n")
    [asked] = decode(found.read.commands[0].payload).metrics
    assert (asked.name, asked.raw) == ("Node Control/Rebirth", True)
    assert not node.says("DDATA/n/d", spb(8, C=6)).read.commands


def test_a_gap_asks_for_a_rebirth_and_loses_nothing() -> None:
    node = born()
    found = node.says("DDATA/n/d", spb(5, 1, C=130))
    assert (quantities(found), len(found.read.commands)) == (["30"], 1)
    assert quantities(node.says("DDATA/n/d", spb(6, 2, C=131))) == ["1"]


def test_numbers_go_on_from_255_to_0() -> None:
    node = born()
    for seq in range(2, 258):
        found = node.says("DDATA/n/d", spb(seq % 256, seq, C=100 + seq))
        assert not found.read.commands


def test_a_value_that_is_not_newer_counts_nothing() -> None:
    node = born()
    assert quantities(node.says("DDATA/n/d", spb(2, 5, C=110))) == ["10"]
    assert quantities(node.says("DDATA/n/d", spb(3, 5, C=110))) == []
    assert quantities(node.says("DDATA/n/d", spb(4, 4, C=105))) == []
    assert quantities(node.says("DDATA/n/d", spb(5, 6, C=3))) == []
    assert quantities(node.says("DDATA/n/d", spb(6, 7, C=4))) == ["3", "1"]


def test_a_death_of_an_earlier_birth_is_none() -> None:
    node = born()
    node.says("NDEATH/n", spb(None, bdSeq=0))
    assert quantities(node.says("DDATA/n/d", spb(2, 1, C=101))) == ["1"]
    node.says("NDEATH/n", spb(None, bdSeq=1))
    assert node.says("DDATA/n/d", spb(3, 2, C=102)).outcome == "ignored"
    node.says("NBIRTH/n", spb(0, 3, bdSeq=2))
    assert quantities(node.says("DBIRTH/n/d", spb(1, 3, C=104))) == ["3"]


def test_a_counter_that_is_no_number_is_refused() -> None:
    payload = _Payload(timestamp=AT, seq=2)
    payload.metrics.add(name="C", string_value="many")
    [part] = born().says("DDATA/n/d", payload.SerializeToString()).refused
    assert (part.refusal.code, part.refusal.field) == ("invalid_value", "C")


def test_what_is_no_protobuf_is_refused() -> None:
    found = born().says("DDATA/n/d", b"\xff\xff\xff")
    assert [part.refusal.code for part in found.refused] == ["malformed_sparkplug"]


def test_commands_and_states_of_hosts_are_passed_over() -> None:
    node = born()
    assert node.says("NCMD/n", rebirth()).outcome == "ignored"
    assert node.says("DDATA/other/d", b"\xff").outcome == "ignored"


@pytest.mark.parametrize(
    ("raw", "datatype", "value"),
    [
        (0xFF, 1, -1), (0xFFFFFFFF, 1, -1), (2**64 - 1, 1, -1), (0x7F, 1, 127), (300, 1, None),
        (5, 4, 5), (2**63, 4, -(2**63)), (2**32 - 5, 3, -5), (70_000, 2, None),
        (255, 5, 255), (256, 5, None), (2**64 - 1, 8, 2**64 - 1), (2**32, 7, None),
        (2**64 - 1, None, 2**64 - 1),
    ],
)  # fmt: skip
def test_a_whole_number_is_of_its_type_or_none(
    raw: int, datatype: int | None, value: int | None
) -> None:
    assert _whole(raw, datatype) == value


def test_a_type_said_in_the_birth_alone_holds() -> None:
    assert Metric("C", None, None, None, False, 0xFFFF).value(2, "C") == -1


@pytest.mark.parametrize(
    ("sent", "read"), [(0.1, "0.1"), (16_777_216.0, "16777216"), (12.5, "12.5")]
)
def test_a_float_of_32_bits_is_read_as_it_was_meant(sent: float, read: str) -> None:
    payload = _Payload()
    payload.metrics.add(name="C", float_value=sent)
    [metric] = decode(payload.SerializeToString()).metrics
    assert metric.value(9, "C") == Decimal(read)
