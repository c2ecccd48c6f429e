"""Strict YAML: every scalar as text, no duplicate keys, bounded anchors."""

from typing import Any

import yaml

MOST_NODES = 1_000_000
"""With all anchors written out. A few lines of anchors within anchors can stand for billions."""


def load_scalars(text: str) -> Any:
    """The content as dicts, lists and text. Raises `yaml.YAMLError`, which names the place."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _node_count(node, {})
        return loader.construct_document(node)
    except RecursionError:
        raise yaml.YAMLError("is nested too deep") from None
    finally:
        loader.dispose()


def _node_count(node: yaml.Node, known: dict[int, int]) -> int:
    """The number of nodes with all anchors expanded."""
    if id(node) in known:
        return known[id(node)]
    known[id(node)] = MOST_NODES  # an anchor that is used within itself never ends
    count = 1 + sum(_node_count(part, known) for part in _parts(node))
    if count > MOST_NODES:
        message = f"anchors stand for more than {MOST_NODES:,} values: write them out"
        raise yaml.constructor.ConstructorError(None, None, message, node.start_mark)
    known[id(node)] = count
    return count


def _parts(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


class _Loader(yaml.BaseLoader):
    """Refuses duplicate keys: YAML's own readers drop the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                what = f'"{key.value}" is there twice'
                raise yaml.constructor.ConstructorError(None, None, what, key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)
