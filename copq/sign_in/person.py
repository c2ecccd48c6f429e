"""From the claims of an account to the person."""

import re
from collections.abc import Mapping
from typing import Any

from copq.access.session import Person
from copq.schemas.names import canonical, fault_of_name
from copq.sign_in.config import SignInConfig
from copq.text.person_names import person_name

_SUBJECT = re.compile(r"[!-'*-~][ -'*-~]{0,254}")
"""Printable ASCII, as the standard has it; no brackets, which end the name."""

_LONGEST = 80


class MalformedPerson(Exception):
    """The claims name nobody."""


def person_of(config: SignInConfig, claims: Mapping[str, Any]) -> Person:
    """Raises `MalformedPerson`."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
        raise MalformedPerson("sub is not 1 to 255 plain characters")
    return Person(config.issuer, subject, person_name(_shown(config, claims, subject), subject))


def _shown(config: SignInConfig, claims: Mapping[str, Any], subject: str) -> str:
    for name in (config.name_claim, "name", "preferred_username", "email"):
        found = claims.get(name)
        if isinstance(found, str) and (shown := canonical(found)) and not fault_of_name(shown):
            return shown[:_LONGEST].strip()
    return subject[:_LONGEST]
