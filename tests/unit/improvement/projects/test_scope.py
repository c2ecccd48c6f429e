"""Scopes: which losses they hold, and which two can hold the same ones."""

from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from copq.improvement.projects.plan import SCOPE_FIELDS
from copq.improvement.projects.scope import holds, share_losses

NAMES = ["", "a", "b"]
SCOPES = st.dictionaries(
    st.sampled_from(SCOPE_FIELDS[:3]), st.frozensets(st.sampled_from(NAMES)), max_size=3
)
EVERY = [
    {**dict.fromkeys(SCOPE_FIELDS, ""), **dict(zip(SCOPE_FIELDS, own, strict=False))}
    for own in product(NAMES, repeat=3)
]  # fmt: skip


def entry(**names: Any) -> dict[str, Any]:
    return {**dict.fromkeys(SCOPE_FIELDS), **names}


def test_a_scope_holds_what_has_one_of_its_names_in_each_field() -> None:
    scope = {"line": frozenset({"L1", "L2"}), "defect_code": frozenset({"LEAK"})}
    assert holds(scope, entry(line="L1", defect_code="LEAK", shift="early"))
    assert not holds(scope, entry(line="L3", defect_code="LEAK"))
    assert not holds(scope, entry(line="L1"))


def test_no_field_and_no_names_filter_nothing_and_an_empty_name_is_none() -> None:
    assert holds({}, entry()) and holds({"line": frozenset()}, entry(line="L1"))
    assert holds({"shift": frozenset({""})}, entry())
    assert not holds({"shift": frozenset({""})}, entry(shift="early"))


@given(one=SCOPES, other=SCOPES)
def test_scopes_share_losses_where_one_entry_can_be_in_both(one: Any, other: Any) -> None:
    both = any(holds(one, names) and holds(other, names) for names in EVERY)
    assert share_losses(one, other) == share_losses(other, one) == both
