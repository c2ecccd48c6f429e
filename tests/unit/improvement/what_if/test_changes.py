"""Changes as people write them, and what is wrong with those that are not possible."""

from decimal import Decimal

import pytest

from copq.improvement.what_if.changes import EventChange, RateChange, parse_changes

D = Decimal


def test_a_text_has_changes_in_their_order() -> None:
    found = parse_changes(
        'halve code=LEAK;remove type=downtime code="bad; lot" ; rate labour=a by 2'
    )
    assert found == (
        EventChange("halve code=LEAK", {"defect_code": "LEAK"}, factor=D("0.5")),
        EventChange(
            "remove type=downtime 'code=bad; lot'",
            {"event_type": "downtime", "defect_code": "bad; lot"}, factor=D(0),
        ),
        RateChange("rate labour=a by 2", "labour", "a", None, factor=D(2)),
    )  # fmt: skip


def test_each_form_has_its_meaning() -> None:
    scale, move, rate = parse_changes(
        "scale machine=M1 shift=early by 0.3; move code=LEAK to mixing; "
        "rate product=TR29 stages.P3.raw_material to 5.20"
    )
    assert isinstance(scale, EventChange) and scale.factor == D("0.3")
    assert scale.names == {"work_unit": "M1", "shift": "early"}
    assert isinstance(move, EventChange) and (move.stage, move.factor) == ("mixing", None)
    assert isinstance(rate, RateChange)
    assert (rate.kind, rate.name, rate.figure, rate.value) == (
        "product", "TR29", "stages.P3.raw_material", D("5.20"),
    )  # fmt: skip


def test_a_shown_change_can_be_asked_again() -> None:
    [change] = parse_changes("halve code='bad lot'")
    assert parse_changes(change.text) == (change,)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "name a change, for example: halve code=LEAK"),
        (" ; ;", "name a change"),
        ("; ".join(["halve code=A"] * 11), "these are 11 changes; ask for at most 10 at once"),
        ("halv code=A", '"halv" is none of halve, scale, remove, move, rate; did you mean "halve"'),
        ("halve", "name the events by one or more of plant, line, product, stage, type, code"),
        ("halve LEAK", '"LEAK" is not a name such as supplier=NAME'),
        ("halve code=", '"code=" is not a name such as'),
        ("halve cod=A", '"cod" is none of plant, line'),
        ("halve code=A code=B", "it names the same thing twice; write a change for each name"),
        ('halve code="A', 'a quote has no end; quote names with blanks: code="bad lot"'),
        ("remove type=production", 'type "production" is none of defect, scrap'),
        ("remove type=defekt", 'did you mean "defect"?'),
        ("scale code=A", 'end it with "by" and a value'),
        ("scale code=A to 0.5", 'end it with "by" and a value'),
        ("scale code=A by -0.1", "-0.1 is not from 0 to 1: it is the share that stays"),
        ("scale code=A by 1.01", "1.01 is not from 0 to 1"),
        ("scale code=A by half", '"half" is not a number such as 0.5'),
        ("scale code=A by NaN", "NaN has more than 9 decimals"),
        ("scale code=A by 0.1234567891", "has more than 9 decimals"),
        ("move code=A", 'end it with "to" and a value'),
        ("move type=rework to S1", "only defect and scrap events cost what their stage says"),
        ("rate", "write it as: rate labour=standard by 1.1"),
        ("rate labour=a", "write it as:"),
        ("rate wages=a by 2", '"wages" is none of product, line, labour'),
        ("rate labour=a by -1", "-1 is below 0: a rate is 0 or more"),
        ("rate labour=a to 3", "name the figure that is set, for example rate_per_hour"),
        ("rate labour=a b c by 2", "write it as:"),
        ("rate labour=a by 1e10", "is above 1,000,000,000"),
    ],
)
def test_an_impossible_change_says_what_to_write(text: str, fault: str) -> None:
    with pytest.raises(ValueError) as error:
        parse_changes(text)
    assert fault in str(error.value)
