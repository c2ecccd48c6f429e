"""From the claims of an account to its role and lines."""

from collections.abc import Iterable, Mapping
from typing import Any

from copq.access.sender import Lines
from copq.access.session import Access
from copq.schemas.names import canonical, fault_of_name
from copq.sign_in.config import Grant, SignInConfig

Claims = Mapping[str, Any]
_MOST_NAMED = 20


class NoRole(Exception):
    """The account may not use COPQ; the text says why and whom to ask."""


def access_of(config: SignInConfig, claims: Claims) -> Access:
    """The first grant that fits decides the role; others of the same role add their lines.

    Raises `NoRole`.
    """
    fitting = [grant for grant in config.grants if _fits(grant, claims)]
    if not fitting:
        raise NoRole(_no_role(config, claims))
    role = fitting[0].role
    found = [_lines(grant, claims, config) for grant in fitting if grant.role is role]
    lines = None if None in found else frozenset().union(*filter(None, found))
    if lines is not None and not lines:
        raise NoRole(_no_lines(config, fitting))
    return Access(role, lines)


def claim_values(claims: Claims, name: str) -> tuple[str, ...]:
    """The texts in a claim: of the name as it is, else of a path with dots."""
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    values = found if isinstance(found, list | tuple) else [found]
    return tuple(value for value in values if isinstance(value, str) and value)


def _fits(grant: Grant, claims: Claims) -> bool:
    return grant.claim is None or not set(grant.is_).isdisjoint(claim_values(claims, grant.claim))


def _lines(grant: Grant, claims: Claims, config: SignInConfig) -> Lines | None:
    if grant.is_for_all_lines:
        return None
    plants = claim_values(claims, grant.plants_claim) if grant.plants_claim else ()
    lines = claim_values(claims, grant.lines_claim) if grant.lines_claim else ()
    whole = {(_name(text, grant.plants_claim, config), None) for text in plants}
    return grant.fixed_lines | whole | {_place(text, grant.lines_claim, config) for text in lines}


def _place(text: str, claim: str | None, config: SignInConfig) -> tuple[str, str | None]:
    plant, slash, line = text.partition("/")
    if not (plant and slash and line):
        raise NoRole(f'"{text}" in the claim {claim} is not PLANT/LINE: ask {config.ask}')
    return _name(plant, claim, config), _name(line, claim, config)


def _name(text: str, claim: str | None, config: SignInConfig) -> str:
    if fault := fault_of_name(text):
        raise NoRole(f'"{text}" in the claim {claim} {fault}: ask {config.ask}')
    return canonical(text)


def _no_role(config: SignInConfig, claims: Claims) -> str:
    asked = sorted({grant.claim for grant in config.grants if grant.claim})
    left_out = claims.get("_claim_names")
    if isinstance(left_out, Mapping) and not left_out.keys().isdisjoint(asked):
        return (
            "your account has no role here: it is in so many groups that the sign-in service "
            f"leaves them out. Ask {config.ask} to use app roles in place of groups"
        )
    return f"your account has no role here: {_named(asked, claims)}. Ask {config.ask} for one"


def _named(asked: Iterable[str], claims: Claims) -> str:
    said = []
    for claim in asked:
        values = claim_values(claims, claim)[:_MOST_NAMED]
        listed = ", ".join(f'"{value}"' for value in values) or "nothing"
        said.append(f"its {claim} is {listed}")
    return "; ".join(said)


def _no_lines(config: SignInConfig, fitting: Iterable[Grant]) -> str:
    named = {name for grant in fitting for name in (grant.plants_claim, grant.lines_claim) if name}
    return (
        f"your account has a role here, and no plant or line: {', '.join(sorted(named))} "
        f"names none. Ask {config.ask} for one"
    )
