"""Names that contradict each other: a group that contains itself, a name with two meanings."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from copq.rates.names import name_list
from copq.schemas.groups import NO_GROUP, GroupItem

Members = Mapping[str, set[str]]
"""The products of each group of one plant and grouping, on any day."""


def clashes(items: Iterable[GroupItem]) -> list[str]:
    """A sentence for each clash in a plant and grouping: what is wrong, and what to do."""
    found: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for item in items:
        if item.group != NO_GROUP:
            found[item.plant, item.grouping][item.group].add(item.product)
    return [
        fault
        for (plant, grouping), members in sorted(found.items())
        for fault in (
            *_two_spellings(members, f"group of {grouping} in {plant}"),
            *_groups_in_groups(members, f"{grouping} in {plant}"),
        )
    ] + _groupings(found)


def _groupings(found: Iterable[tuple[str, str]]) -> list[str]:
    return list(_two_spellings({grouping for _, grouping in found}, "grouping"))


def _two_spellings(names: Iterable[str], kind: str) -> Iterator[str]:
    alike = defaultdict(list)
    for name in sorted(names):
        alike[name.casefold()].append(name)
    for spellings in alike.values():
        if len(spellings) > 1:
            named = name_list(f'"{name}"' for name in spellings)
            yield f"{named} would be one name of a {kind}: choose one spelling"


def _groups_in_groups(members: Members, where: str) -> Iterator[str]:
    """Groups hold products alone, so a group that is in a group has a name with two meanings."""
    for group in sorted(members):
        for name in sorted(members[group] & members.keys()):
            path = _path(members, name, group)
            if path is None:
                yield (
                    f'"{name}" is a group of {where} and a product in "{group}": rename one, since '
                    "a group holds products alone"
                )
            elif group == min(path):
                through = "".join(f' through "{one}"' for one in path if one != group)
                yield (
                    f'group "{group}" of {where} contains itself{through}: rename it, since a '
                    "group holds products alone"
                )


def _path(members: Members, start: str, goal: str) -> list[str] | None:
    """The groups from `start` to `goal`, each in the one before; None if none leads there."""
    ways = [[start]]
    seen = {start}
    while ways:
        way = ways.pop(0)
        if way[-1] == goal:
            return way
        for name in sorted(members[way[-1]] & members.keys() - seen):
            seen.add(name)
            ways.append([*way, name])
    return None
