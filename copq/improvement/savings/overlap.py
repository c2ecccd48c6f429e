"""Projects that reach for the same money: a cell's saving is divided, never counted twice."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from copq.improvement.savings.cents import allot

Shares = Mapping[Any, Decimal | Fraction]


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedCell:
    """A cell's saving in a month, and the projects whose scope holds the cell.

    `shares` are what finance approved; equal if there are none. Raises `WrongShares` if they do
    not name exactly the projects, if one is negative, or if they do not add up to one.
    """

    name: Hashable
    saving: Fraction
    projects: Sequence[Any]
    shares: Shares | None = None

    def __post_init__(self) -> None:
        if self.shares is None:
            return
        if set(self.shares) != set(self.projects):
            raise WrongShares(
                f"shares are of {_listed(self.shares)}: they must be of {_listed(self.projects)}"
            )
        if any(share < 0 for share in self.shares.values()):
            raise WrongShares("a share is negative: each must be from 0 to 1")
        if sum(self.shares.values()) != 1:
            raise WrongShares(
                f"shares add up to {sum(self.shares.values())}: they must add up to 1"
            )

    def parts(self) -> dict[Any, Fraction]:
        """The saving of each project, exactly."""
        if self.shares is None:
            return dict.fromkeys(self.projects, self.saving / len(self.projects))
        return {name: self.saving * Fraction(self.shares[name]) for name in self.projects}


class WrongShares(ValueError):
    """Shares by which no saving can be divided; the text says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A project's saving of a month: `gross` of all its cells, and `net` of what others share."""

    gross: Decimal
    net: Decimal

    @property
    def overlap(self) -> Decimal:
        """What belongs to other projects."""
        return self.gross - self.net


def divide(cells: Sequence[SharedCell], currency: str) -> dict[Any, Claim]:
    """The claim of each project, in the digits of the currency.

    The cells' savings are rounded together, so that they add up to the rounded sum; each is then
    divided in whole cents. So the net savings of all projects in a cell are the cell's saving.
    """
    savings = allot({cell.name: cell.saving for cell in cells}, currency)
    gross: dict[Any, Decimal] = {}
    net: dict[Any, Decimal] = {}
    for cell in cells:
        for project, part in _in_cents(cell, savings[cell.name], currency).items():
            gross[project] = gross.get(project, Decimal(0)) + savings[cell.name]
            net[project] = net.get(project, Decimal(0)) + part
    return {project: Claim(gross=gross[project], net=net[project]) for project in sorted(gross)}


def _in_cents(cell: SharedCell, saving: Decimal, currency: str) -> dict[Any, Decimal]:
    rounded = SharedCell(
        name=cell.name, saving=Fraction(saving), projects=cell.projects, shares=cell.shares
    )
    return allot(rounded.parts(), currency)


def _listed(names: Iterable[Any]) -> str:
    return ", ".join(sorted(map(str, names))) or "nobody"
