"""Conditions of a mapping as functions of a row's values."""

from collections.abc import Callable
from unicodedata import normalize

from copq.ingest.files.mapping import Condition, When
from copq.ingest.files.numbers import Read
from copq.schemas.names import canonical

Values = dict[str, str]
Check = Callable[[Values], bool]


def check(when: When, number: Read) -> Check:
    """True where all conditions hold. Raises `RowFault` where a number was asked of other text."""
    checks = [_check(column, condition, number) for column, condition in when.items()]
    if len(checks) == 1:
        return checks[0]
    return lambda values: all(holds(values) for holds in checks)


def _check(column: str, condition: Condition, number: Read) -> Check:
    if condition.one_of is not None:
        wanted = frozenset(map(canonical, condition.one_of))
        return lambda values: canonical(values[column]) in wanted
    if condition.prefix is not None:
        prefix = normalize("NFC", condition.prefix)
        return lambda values: normalize("NFC", values[column]).startswith(prefix)
    if condition.above is not None:
        floor = condition.above
        return lambda values: values[column] != "" and number(column, values[column]) > floor
    return lambda values: (values[column] != "") is condition.filled
