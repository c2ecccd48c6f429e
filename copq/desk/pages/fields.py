"""What people write into the fields of a form; a fault begins with the label of its field."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeVar

from babel import Locale
from fastapi import Request
from pydantic import BaseModel, ValidationError

from copq.ingest.form.numbers import NotANumber, locale_of, read_number
from copq.web.answers import Faults

M = TypeVar("M", bound=BaseModel)


def locale_in(request: Request) -> Locale:
    """How the person's browser writes numbers."""
    return locale_of(request.headers.get("accept-language", ""))


def amount_in(text: str, label: str, locale: Locale) -> Decimal | None:
    """The amount, which may be below zero; None for a blank text. Raises `Faults`."""
    plain = text.strip()
    below_zero = plain[:1] in ("-", "−")
    try:
        found = read_number(plain[1:] if below_zero else plain, locale)
    except NotANumber as error:
        raise Faults([f"{label}: {error}"]) from None
    if found is None and below_zero:
        raise Faults([f"{label}: write digits after the sign"])
    return -found if found and below_zero else found


def share_in(text: str, label: str, locale: Locale) -> Decimal | None:
    """The share that `3 %` or `0.03` means; None for a blank text. Raises `Faults`."""
    plain = text.strip()
    if not plain.endswith("%"):
        return amount_in(plain, label, locale)
    found = amount_in(plain.removesuffix("%"), label, locale)
    if found is None:
        raise Faults([f"{label}: write it as 3 % or 0.03"])
    return found / 100


def filled_model(model: type[M], fields: Mapping[str, object], labels: Mapping[str, str]) -> M:
    """The act that a form asks for; empty fields are left out. Raises `Faults`."""
    given = {name: value for name, value in fields.items() if value != ""}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise Faults([_sentence(one, labels) for one in error.errors()]) from None


def _sentence(error: object, labels: Mapping[str, str]) -> str:
    assert isinstance(error, dict)
    name = str(error["loc"][0]) if error["loc"] else ""
    said = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] in ("missing", "string_too_short"):
        said = "fill it in"
    return f"{labels.get(name, name.replace('_', ' '))}: {said}" if name else said
