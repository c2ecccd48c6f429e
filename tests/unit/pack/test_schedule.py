"""The schedule of packs: what a file may say, and what is due when."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from copq.pack.due import due, unknown_plants
from copq.pack.schedule import ScheduleError, parse_schedule, read_schedule
from tests.support.building import book, plant

SITES = book(plant(), plant("south", "America/Chicago", "00:00", "USD")).sites
FOLDER = "packs: [{name: a, day: 5, at: '07:30', folder: out}]"
MAILED = """
packs: [{name: a, day: 5, to: [q@example.com]}]
mail: {host: smtp.example.com, from: copq@example.com, username: u, password_env: SMTP_SECRET}
"""


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-07-05T05:29:59+00:00", []),  # 07:29 in Berlin
        ("2026-07-05T05:30:00+00:00", ["north"]),
        ("2026-07-05T12:30:00+00:00", ["north", "south"]),  # 07:30 in Chicago
        ("2026-07-31T22:00:00+00:00", ["south"]),  # August in Berlin: not due before the 5th
        ("2026-07-04T12:00:00+00:00", []),
    ],
)
def test_a_pack_is_due_from_the_day_and_time_on_in_the_zone_of_its_plant(
    now: str, expected: list[str]
) -> None:
    found = list(due(parse_schedule(FOLDER), SITES, datetime.fromisoformat(now)))
    assert [one.plant for one in found] == expected
    assert {one.month for one in found} <= {date(2026, 6, 1)}


def test_a_delivery_of_some_plants_by_both_ways() -> None:
    text = FOLDER.replace("folder: out", "folder: out, to: [q@example.com], plants: [south, gone]")
    schedule = parse_schedule(text + MAILED.partition("]}]")[2])
    found = due(schedule, SITES, datetime(2026, 1, 9, tzinfo=UTC))
    assert [one.key for one in found] == [
        ("a", "south", date(2025, 12, 1), "mail"), ("a", "south", date(2025, 12, 1), "folder"),
    ]  # fmt: skip
    assert unknown_plants(schedule, SITES) == ["gone"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("packs: []", "packs"),
        ("packs: [", "is not YAML"),
        ("packs: [{name: a, day: 31, folder: out}]", "packs.0.day"),
        ("packs: [{name: a, day: 5}]", "name recipients, or a folder"),
        ("packs: [{name: a, day: 5, at: 7.30, folder: o}]", 'at: "7.30" is not a time'),
        ("packs: [{name: a, day: 5, at: '24:00', folder: o}]", 'at: "24:00" is not a time'),
        ("packs: [{name: a, day: 5, folder: o, files: [docx]}]", "packs.0.files.0"),
        ("packs: [{name: a, day: 5, folder: o, hour: 7}]", "packs.0.hour: is not a name here"),
        ("packs: [{name: a, day: 5, to: ['x y@z']}]", "packs.0.to.0"),
        ("packs: [{name: a, day: 5, to: [\"q@z\\nBcc: e@z\"]}]", "packs.0.to.0"),
        ("packs: [{name: a, day: 5, to: [q@z]}]", "mail: name the server"),
        (FOLDER.replace("]", ", {name: a, day: 6, folder: o}]"), "a name of its own"),
        (MAILED.replace("username: u, ", ""), "username: goes with"),
        (MAILED.replace("username: u", "username: u, password_file: f"), "not both"),
        (MAILED.replace("username: u", "security: none, username: u"), "in the clear"),
        (MAILED.replace("username: u", "password: secret, username: u"), "mail.password"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_place(text: str, said: str) -> None:
    with pytest.raises(ScheduleError, match=said.replace("(", r"\(")):
        parse_schedule(text)


def test_a_secret_is_read_from_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = parse_schedule(MAILED).mail
    assert mail is not None and mail.reached_at == 587
    with pytest.raises(ScheduleError, match="SMTP_SECRET is not set"):
        mail.password()
    monkeypatch.setenv("SMTP_SECRET", "s")
    assert mail.password() == "s"
    file = tmp_path / "packs.yaml"
    file.write_text(
        MAILED.replace("password_env: SMTP_SECRET", "password_file: smtp, ca_file: no.pem")
        + "fonts: fonts\n"
    )
    (tmp_path / "smtp").write_text("in the file\n")
    found = read_schedule(file)
    assert found.mail is not None and found.mail.password() == "in the file"
    assert found.fonts == tmp_path / "fonts"
    with pytest.raises(ScheduleError, match="ca_file"):
        found.mail.tls()
