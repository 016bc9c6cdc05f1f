"""Regular expressions of sources: Python's rules for everyone, Rust's engine where both surely agree.

Sources are written against Python's `re`. Rust's engine is many times faster on whole columns but differs on Unicode
classes, empty matches and lookaround. So a pattern is parsed with Python's own parser and written out again in Rust
syntax; the result is used only on values that are wholly printable ASCII, where the two were compared and agree. Other
values, and patterns that have no such translation, go through `re` under a time limit.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from openaddr.conform.timelimit import limited

MAX_PATTERN = 100_000
"""Characters of a pattern; the longest known is a list of 48,236."""
MAX_REPEATS = 1000
"""A larger bound of a repetition blows up the automaton of Rust's engine."""
MAX_STATES = 2_000
"""States of an automaton, all of which the engine may have to look at for every letter; long patterns may have more."""

Part = str | int
"""A piece of a replacement: literal text or the number of a group."""


class PatternError(ValueError):
    """A pattern or its replacement is not valid; the message says why."""


class _Untranslatable(Exception):
    """The pattern has no equal in Rust's syntax."""


@dataclass(frozen=True)
class Pattern:
    """One compiled pattern. `rust` is its text in Rust's syntax, None when only Python's rules will do.

    `states` is about how many states the automaton of Rust's engine has.
    """

    python: re.Pattern[str]
    rust: str | None
    groups: int
    states: int = 0

    def extract(self, value: str, seconds: float) -> str:
        """The groups of the first match that took part, joined. Raises TimeoutError."""
        found = limited(seconds, lambda: self.python.search(value))
        return "".join(group for group in found.groups() if group is not None) if found else ""

    def substitute(self, parts: tuple[Part, ...], value: str, seconds: float) -> str:
        """Every match replaced. Raises TimeoutError."""
        return limited(seconds, lambda: self.python.sub(_expander(parts), value))


def _expander(parts: tuple[Part, ...]) -> Callable[[re.Match[str]], str]:
    def expand(found: re.Match[str]) -> str:
        return "".join(part if isinstance(part, str) else found[part] or "" for part in parts)

    return expand


def compile_pattern(text: str, *, replaces: bool) -> Pattern:
    """Compile a pattern for extraction or replacement. Raises PatternError."""
    compiled = python_pattern(text)
    tree = parser.parse(text)
    states = _states(tree)
    few = states <= max(MAX_STATES, len(text))
    return Pattern(compiled, _translated(tree, replaces) if few else None, compiled.groups, states)


def python_pattern(text: str) -> re.Pattern[str]:
    """Compile a pattern by Python's rules alone. Raises PatternError."""
    if len(text) > MAX_PATTERN:
        raise PatternError(f"a pattern may have {MAX_PATTERN:,} characters, this one has {len(text):,}")
    try:
        return re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise PatternError(f"the pattern {text[:80]!r} is not valid: {error}") from None


def _states(value: Any) -> int:
    """About as many as there are letters and classes, each as often as it may be repeated."""
    if isinstance(value, parser.SubPattern):
        return sum(_states(node) for node in value)
    if not isinstance(value, (list, tuple)):
        return 0
    if len(value) == 2 and value[0] in (op.MAX_REPEAT, op.MIN_REPEAT):
        least, most, tree = value[1]
        times: int = max(1, least if most is op.MAXREPEAT else most)
        return _states(tree) * times
    return max(1, sum(_states(part) for part in value))


def _translated(tree: Any, replaces: bool) -> str | None:
    if replaces and tree.getwidth()[0] == 0:
        # Python also replaces the empty match right after a match, Rust does not.
        return None
    try:
        return _sequence(tree, tree.state.flags)
    except _Untranslatable:
        return None


def _sequence(tree: Any, flags: int) -> str:
    return "".join(_node(kind, value, flags) for kind, value in tree)


def _node(kind: Any, value: Any, flags: int) -> str:
    write = _WRITERS.get(kind)
    if write is None:
        raise _Untranslatable(str(kind))
    return write(value, flags)


def _literal(code: int, flags: int) -> str:
    character = chr(code)
    if flags & re.IGNORECASE:
        if code > 127:
            raise _Untranslatable("folding of letters outside ASCII")
        if character.isalpha():
            return f"[{character.lower()}{character.upper()}]"
    return f"\\x{{{code:x}}}"


def _not_literal(code: int, flags: int) -> str:
    return f"[^{_class_members([(op.LITERAL, code)], flags)}]"


def _any(_: None, flags: int) -> str:
    return "(?s:.)" if flags & re.DOTALL else "[^\\n]"


def _in(members: Any, flags: int) -> str:
    negated = members[0][0] is op.NEGATE
    return f"[{'^' if negated else ''}{_class_members(members[1:] if negated else members, flags)}]"


def _class_members(members: Any, flags: int) -> str:
    return "".join(_class_member(kind, value, flags) for kind, value in members)


def _class_member(kind: Any, value: Any, flags: int) -> str:
    if kind is op.CATEGORY:
        return _CATEGORIES[value]
    low, high = (value, value) if kind is op.LITERAL else value
    if flags & re.IGNORECASE:
        if high > 127:
            raise _Untranslatable("folding of letters outside ASCII")
        letters = {variant for code in range(low, high + 1) for variant in (chr(code).lower(), chr(code).upper())}
        return "".join(f"\\x{{{ord(letter):x}}}" for letter in sorted(letters))
    return f"\\x{{{low:x}}}-\\x{{{high:x}}}"


def _branch(value: Any, flags: int) -> str:
    return f"(?:{'|'.join(_sequence(branch, flags) for branch in value[1])})"


def _subpattern(value: Any, flags: int) -> str:
    group, added, removed, tree = value
    inner = _sequence(tree, (flags | added) & ~removed)
    return f"({inner})" if group is not None else f"(?:{inner})"


def _greedy(value: Any, flags: int) -> str:
    return _repeat(value, flags, "")


def _lazy(value: Any, flags: int) -> str:
    return _repeat(value, flags, "?")


def _repeat(value: Any, flags: int, suffix: str) -> str:
    least, most, tree = value
    unbounded = most is op.MAXREPEAT
    if (unbounded or most > 1) and tree.getwidth()[0] == 0:
        raise _Untranslatable("a repeated part that may be empty captures differently")
    if least > MAX_REPEATS or (not unbounded and most > MAX_REPEATS):
        raise _Untranslatable("a repetition too large for an automaton")
    bounds = f"{{{least},{'' if unbounded else most}}}"
    return f"(?:{_sequence(tree, flags)}){bounds}{suffix}"


def _at(value: Any, flags: int) -> str:
    anchor: str = _ANCHORS[value]
    return anchor


# Only for values that are wholly printable ASCII: there is no line break, so `$` is the end and `^` the beginning.
_ANCHORS = {
    op.AT_BEGINNING: "^",
    op.AT_BEGINNING_STRING: "^",
    op.AT_BOUNDARY: "(?-u:\\b)",
    op.AT_NON_BOUNDARY: "(?-u:\\B)",
    op.AT_END: "$",
    op.AT_END_STRING: "$",
}
_CATEGORIES = {
    op.CATEGORY_DIGIT: "0-9",
    op.CATEGORY_NOT_DIGIT: "[^0-9]",
    op.CATEGORY_SPACE: "\\x20",
    op.CATEGORY_NOT_SPACE: "[^\\x20]",
    op.CATEGORY_WORD: "0-9A-Za-z_",
    op.CATEGORY_NOT_WORD: "[^0-9A-Za-z_]",
}
_WRITERS: dict[Any, Callable[[Any, int], str]] = {
    op.LITERAL: _literal,
    op.NOT_LITERAL: _not_literal,
    op.ANY: _any,
    op.IN: _in,
    op.BRANCH: _branch,
    op.SUBPATTERN: _subpattern,
    op.MAX_REPEAT: _greedy,
    op.MIN_REPEAT: _lazy,
    op.AT: _at,
}

_DOLLAR = re.compile(r"\$(?:(\d+)|\{(\d+)\})")
_BACKSLASH = re.compile(r"\\(?:g<(\w+)>|([1-9]\d?)|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\", "0": "\0"}


def parse_replacement(text: str, pattern: Pattern) -> tuple[Part, ...]:
    """The pieces of a replacement: `$1`, `${1}` and Python's `\\1`, `\\g<1>`, `\\g<name>`, and literal text.

    Raises PatternError where a group does not exist or an escape means nothing.
    """
    parts: list[Part] = []
    offset = 0
    while offset < len(text):
        found = _DOLLAR.match(text, offset) or _BACKSLASH.match(text, offset)
        if not found:
            parts.append(text[offset])
            offset += 1
            continue
        parts.append(_part(found, pattern))
        offset = found.end()
    return _merged(parts)


def _part(found: re.Match[str], pattern: Pattern) -> Part:
    if found.re is _BACKSLASH and found[3]:
        return _escape(found[3])
    name = found[1] or found[2]
    number = int(name) if name.isdigit() else pattern.python.groupindex.get(name, -1)
    if not 0 <= number <= pattern.groups:
        raise PatternError(f"the replacement names group {name[:80]}, but the pattern has {pattern.groups}")
    return number


def _escape(letter: str) -> str:
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    if letter.isascii() and letter.isalnum():
        raise PatternError(f"the replacement has an escape that means nothing: \\{letter}")
    return f"\\{letter}"


def _merged(parts: list[Part]) -> tuple[Part, ...]:
    merged: list[Part] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return tuple(merged)


def rust_replacement(parts: tuple[Part, ...]) -> str:
    """A replacement in the syntax of Rust's engine."""
    return "".join(part.replace("$", "$$") if isinstance(part, str) else f"${{{part}}}" for part in parts)
