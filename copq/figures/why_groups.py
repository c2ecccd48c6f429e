"""The product groups in a change of losses: the same products before and after.

A product that changes its group would look like a loss that went away and another that came. So
both windows have the groups of one day, the last one of the window after.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from asyncpg import Connection

from copq.figures.why_windows import Windows
from copq.groups.store import groups_change, groups_on
from copq.schemas.groups import NO_GROUP

if TYPE_CHECKING:
    from copq.improvement.explaining.explain import Explanation, Leaf, Part

Filters = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class ProductGroups:
    """The groups of a grouping on a `day`; `moved` says that they change within the windows.

    With `only`, the question is about the products of this group alone.
    """

    grouping: str
    day: date
    of: Mapping[tuple[str, str], str]
    moved: bool
    only: str | None = None

    def group(self, plant: str | None, product: str | None) -> str:
        return self.of.get((plant or "", product or ""), NO_GROUP)

    def has(self, plant: str | None, product: str | None) -> bool:
        return self.only in (None, self.group(plant, product))

    def selecting(self, filters: Filters) -> Filters:
        """The filters with all that selects the entries of their group."""
        group = filters.get("group", self.only)
        if group is None:
            return filters
        on = {"grouped_on": str(self.day)} if self.moved else {}
        return {**filters, "group": group, "grouping": self.grouping, **on}


async def read_groups(
    conn: Connection, grouping: str | None, plant: str | None, windows: Windows, only: str | None
) -> ProductGroups | None:
    """None where no grouping is asked for."""
    if grouping is None:
        return None
    both = windows.before, windows.after
    day = windows.after.last - timedelta(days=1)
    first, last = min(w.first for w in both), max(w.last for w in both)
    moved = await groups_change(conn, grouping, plant, first, last)
    of = await groups_on(conn, grouping, plant, day)
    return ProductGroups(grouping, day, of, moved, only)


def group_parameters(groups: ProductGroups | None) -> dict[str, Any]:
    """The groups as parameters of a query: lists of plants, products and their groups."""
    items = list(groups.of.items()) if groups else []
    return {
        "group_plants": [plant for (plant, _), _ in items],
        "group_products": [product for (_, product), _ in items],
        "groups": [group for _, group in items],
    }


def named_by_product(
    found: "Explanation", dimensions: Sequence[str], leaves: Iterable["Leaf"]
) -> "Explanation":
    """A group of which only one product has losses goes by the name of the product."""
    named = [dict(zip(dimensions, leaf.values, strict=True)) for leaf in leaves]
    of_parts = [(part.filters, _by_product(part.filters, named)) for part in found.parts]
    renamed = [(old, new) for old, new in of_parts if new is not old]
    return replace(found, parts=tuple(_renamed(part, renamed) for part in found.parts))


def _by_product(filters: Filters, leaves: Sequence[Filters]) -> Filters:
    """The filters that select the same losses by their only product, or the given ones."""
    if "group" not in filters or "product" in filters:
        return filters
    products = {leaf["product"] for leaf in leaves if filters.items() <= leaf.items()}
    if len(products) != 1:
        return filters
    [product] = products
    by_product = {
        ("product" if name == "group" else name): (product if name == "group" else value)
        for name, value in filters.items()
    }
    same = all(leaf["group"] == filters["group"] for leaf in leaves
               if by_product.items() <= leaf.items())  # fmt: skip
    return by_product if same else filters


def _renamed(part: "Part", renamed: Iterable[tuple[Filters, Filters]]) -> "Part":
    def new(filters: Filters) -> Filters:
        return next((after for before, after in renamed if before == filters), filters)

    return replace(part, filters=new(part.filters), besides=tuple(map(new, part.besides)))
