"""How far a regular expression reaches: whether a match takes in the value from its beginning to its end.

A `replace` keeps what is around its matches. Whoever means to take a part out of a value has to write a pattern that
reaches both ends; one that does not leaves the rest of the value in the output, of the rows that have a rest.
Patterns are read with Python's own parser, as `conform.patterns` does.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

Node = tuple[Any, Any]
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
_LOOKS = (op.ASSERT, op.ASSERT_NOT, op.GROUPREF_EXISTS)


@dataclass(frozen=True)
class Reach:
    """What of a value a pattern takes in, and what of that its groups keep.

    `groups` are the numbers of all groups. `looks_around` says that the pattern has lookaround or conditions, whose
    author surely knew that it is a part of the value that is replaced.
    """

    from_start: bool
    to_end: bool
    groups: frozenset[int]
    looks_around: bool
    _tree: Any

    @classmethod
    def of(cls, pattern: str, groups: int) -> "Reach":
        """The reach of a pattern that compiles and has so many groups."""
        tree = parser.parse(pattern)
        nodes = list(tree)
        looks_around = any(map(_looks, _every(nodes)))
        return cls(_from_start(nodes), _to_end(nodes), frozenset(range(1, groups + 1)), looks_around, tree)

    def drops(self, kept: Set[int]) -> bool:
        """Whether something that differs from value to value is matched, but is in none of these groups."""
        return any(_varies(node) for node in _outside(list(self._tree), kept))

    def drops_nothing(self, kept: Set[int]) -> bool:
        """Whether all that is matched is in these groups."""
        return not any(self._wide(node) for node in _outside(list(self._tree), kept))

    def longest(self, group: int) -> int:
        """Most characters that a group can have, 0 where its value never varies."""
        found = next((value[3] for kind, value in _every(list(self._tree)) if _is_group(kind, value, group)), None)
        if found is None or not any(_varies(node) for node in _every(list(found))):
            return 0
        return int(found.getwidth()[1])

    @staticmethod
    def _wide(node: Node) -> bool:
        return node[0] not in (op.AT, *_LOOKS)


def _is_group(kind: Any, value: Any, group: int) -> bool:
    return kind is op.SUBPATTERN and value[0] == group


def _from_start(nodes: list[Node]) -> bool:
    """Whether a match begins where the value does. What may be empty is passed over."""
    for kind, value in nodes:
        if kind is op.AT:
            return value in (op.AT_BEGINNING, op.AT_BEGINNING_STRING)
        if kind in _REPEATS and _takes_anything(value):
            return True
        if kind is op.SUBPATTERN and (_from_start(list(value[3])) or value[3].getwidth()[0] > 0):
            return _from_start(list(value[3]))
        if kind is op.BRANCH:
            return all(_from_start(list(branch)) for branch in value[1])
        if not (kind in _REPEATS and value[0] == 0) and kind is not op.SUBPATTERN:
            return False
    return False


def _to_end(nodes: list[Node]) -> bool:
    """Whether a match ends where the value does."""
    for kind, value in reversed(nodes):
        if kind is op.AT:
            return value in (op.AT_END, op.AT_END_STRING)
        if kind in (op.MAX_REPEAT, op.POSSESSIVE_REPEAT) and _takes_anything(value):
            return True
        if kind is op.SUBPATTERN and (_to_end(list(value[3])) or value[3].getwidth()[0] > 0):
            return _to_end(list(value[3]))
        if kind is op.BRANCH:
            return all(_to_end(list(branch)) for branch in value[1])
        if not (kind in _REPEATS and value[0] == 0) and kind is not op.SUBPATTERN:
            return False
    return False


def _takes_anything(value: Any) -> bool:
    """Whether a repetition without an upper bound is of any character, or of all but a few."""
    _, most, inner = value
    if most is not op.MAXREPEAT or len(inner) != 1:
        return False
    kind, found = inner[0]
    if kind is op.SUBPATTERN and len(found[3]) == 1:
        kind, found = found[3][0]
    return kind in (op.ANY, op.NOT_LITERAL) or (kind is op.IN and found[0][0] is op.NEGATE)


def _every(nodes: list[Node]) -> Iterator[Node]:
    """All nodes, those inside of others too."""
    for kind, value in nodes:
        yield kind, value
        for inner in _inner(kind, value):
            yield from _every(inner)


def _outside(nodes: list[Node], kept: Set[int]) -> Iterator[Node]:
    """Nodes that match something, without those that are in one of the groups."""
    for kind, value in nodes:
        if kind is op.SUBPATTERN and value[0] in kept:
            continue
        inner = list(_inner(kind, value))
        if not inner:
            yield kind, value
        for below in inner:
            yield from _outside(below, kept)


def _inner(kind: Any, value: Any) -> Iterator[list[Node]]:
    if kind in _REPEATS:
        yield list(value[2])
    elif kind is op.SUBPATTERN:
        yield list(value[3])
    elif kind is op.BRANCH:
        yield from (list(branch) for branch in value[1])
    elif kind is op.ATOMIC_GROUP:
        yield list(value)


def _looks(node: Node) -> bool:
    return node[0] in _LOOKS


def _varies(node: Node) -> bool:
    """Whether a node matches letters or digits that are not written in the pattern."""
    kind, value = node
    if kind in (op.ANY, op.NOT_LITERAL):
        return True
    return kind is op.IN and any(_member_varies(*member) for member in value)


def _member_varies(kind: Any, value: Any) -> bool:
    if kind is op.RANGE:
        return True
    if kind is op.CATEGORY:
        return value is not op.CATEGORY_SPACE
    return kind is op.NEGATE or chr(value).isalnum()
