"""From claims to a role and lines."""

from typing import Any

import pytest

from copq.access.door import Role
from copq.access.sender import Lines
from copq.sign_in.granting import NoRole, access_of
from copq.sign_in.person import MalformedPerson, person_of
from tests.support.sign_in.provider import CONFIG, ISSUER, config

NORTH: Lines = frozenset({("north", None)})
AUTH0 = CONFIG.replace("claim: groups, is: admins", "claim: 'https://copq/roles', is: admins")
EVERYBODY = CONFIG + "  - {role: operator}\n"
MORE = CONFIG + "  - {role: manager, claim: groups, is: south, lines: [south/L2]}\n"
UNBOUND = MORE + "  - {role: manager, claim: groups, is: all}\n"
PLANTS = CONFIG + "  - {role: manager, claim: groups, is: m, plants_claim: sites}\n"


@pytest.mark.parametrize(
    ("text", "claims", "role", "lines"),
    [
        (CONFIG, {"groups": ["x", "controllers"]}, Role.FINANCE, None),
        (CONFIG, {"groups": "auditors"}, Role.FINANCE, None),
        (CONFIG, {"groups": ["controllers", "admins"]}, Role.ADMIN, None),  # the first that fits
        (CONFIG, {"realm_access": {"roles": ["manager"]}}, Role.MANAGER, NORTH),
        (CONFIG, {"realm_access.roles": "manager"}, Role.MANAGER, NORTH),
        (AUTH0, {"https://copq/roles": ["admins"]}, Role.ADMIN, None),
        (EVERYBODY, {}, Role.OPERATOR, None),
        (MORE, {"groups": "south", "realm_access": {"roles": "manager"}}, Role.MANAGER,
         frozenset({("north", None), ("south", "L2")})),
        (UNBOUND, {"groups": ["south", "all"]}, Role.MANAGER, None),
        (CONFIG, {"groups": ["operators"], "copq_lines": ["north/L1", "north/Cafe\u0301"]},
         Role.OPERATOR, frozenset({("north", "L1"), ("north", "Café")})),
        (PLANTS, {"groups": "m", "sites": ["south"]}, Role.MANAGER, frozenset({("south", None)})),
    ],
)  # fmt: skip
def test_claims_give_a_role_and_lines(
    text: str, claims: dict[str, Any], role: Role, lines: Lines | None
) -> None:
    found = access_of(config(text), claims)
    assert (found.role, found.lines) == (role, lines)


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({}, "your account has no role here: its groups is nothing"),
        ({"groups": ["a", "b"]}, 'its groups is "a", "b"'),
        ({"groups": {"controllers": True}}, "no role here"),
        ({"groups": [["controllers"], 7, None]}, "no role here"),
        ({"realm_access": ["manager"]}, "no role here"),
        ({"_claim_names": {"groups": "src1"}}, "in so many groups"),
        ({"groups": "operators"}, "copq_lines names none"),
        ({"groups": "operators", "copq_lines": []}, "copq_lines names none"),
        ({"groups": "operators", "copq_lines": ["L1"]}, '"L1" in the claim copq_lines is not'),
        ({"groups": "operators", "copq_lines": ["north/"]}, "copq_lines"),
        ({"groups": "operators", "copq_lines": ["north/L\u202e1"]}, "copq_lines"),
    ],
)
def test_without_a_role_or_line_the_person_is_told_whom_to_ask(
    claims: dict[str, Any], says: str
) -> None:
    with pytest.raises(NoRole) as refused:
        access_of(config(), claims)
    assert says in str(refused.value) and "sk the service desk" in str(refused.value)


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"sub": "1", "name": "Anna Berg"}, "Anna Berg (1)"),
        ({"sub": "auth0|1", "preferred_username": "anna"}, "anna (auth0|1)"),
        ({"sub": "1", "name": "", "email": "a@b.example"}, "a@b.example (1)"),
        ({"sub": "1", "name": "Anna\u202e"}, "1 (1)"),
        ({"sub": "1", "name": ["Anna"]}, "1 (1)"),
        ({"sub": "1", "name": "x" * 500}, f"{'x' * 80} (1)"),
        ({"sub": "9", "name": "Bob (7)"}, "Bob (7) (9)"),
    ],
)
def test_a_person_has_a_name_and_a_subject(claims: dict[str, Any], name: str) -> None:
    person = person_of(config(), claims)
    assert (person.issuer, person.subject, person.name) == (ISSUER, claims["sub"], name)


@pytest.mark.parametrize("sub", [None, "", 7, "a)b", "(a", "ä", " a", "a\n", "x" * 256])
def test_a_malformed_subject_is_nobody(sub: Any) -> None:
    with pytest.raises(MalformedPerson):
        person_of(config(), {"sub": sub, "name": "Anna"})
