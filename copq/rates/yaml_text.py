"""Rates as YAML, as finance would write them: numbers and dates without quotes."""

from datetime import datetime, time
from decimal import Decimal
from typing import Any

import yaml
from pydantic import BaseModel

from copq.rates.rows import local, text_of
from copq.schemas.rates import RateFile


class _Plain(str):
    """Text that is written without quotes."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _plain(dumper: yaml.SafeDumper, text: _Plain) -> yaml.ScalarNode:
    """A scalar with the tag that YAML infers, so that no tag is written."""
    tag = dumper.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return dumper.represent_scalar(tag, text)


_Dumper.add_representer(_Plain, _plain)


def yaml_of(rates: RateFile) -> str:
    """The rates as the text of a YAML rate file."""
    data = _plain_data(rates, rates.time_zone)
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)


def _plain_data(value: Any, zone: str | None) -> Any:
    if isinstance(value, BaseModel):
        fields = {name: getattr(value, name) for name in type(value).model_fields}
        said = {n: v for n, v in fields.items() if n in value.model_fields_set and v is not None}
        return {name: _plain_data(v, zone) for name, v in said.items() if v != ()}
    if isinstance(value, tuple):
        return [_plain_data(item, zone) for item in value]
    if isinstance(value, datetime):
        return _Plain(local(value, zone))
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, Decimal | bool):
        return _Plain(text_of(value))
    return value
