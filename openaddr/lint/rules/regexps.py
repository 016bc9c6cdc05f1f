"""Regular expressions that do something else than their author meant."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from openaddr.conform.patterns import Pattern, PatternError, parse_replacement, python_pattern
from openaddr.lint.findings import WRITTEN, Found, Severity, quoted
from openaddr.lint.reach import Reach
from openaddr.lint.rules.check import Check
from openaddr.lint.subject import Subject, every_rule
from openaddr.source.rules import Regexp

NAMED = re.compile(r"\$\{?([A-Za-z_]\w*)\}?")


@dataclass(frozen=True)
class _Used:
    """A regular expression that compiles, its place, and the groups of which its replacement is made.

    `kept` is empty where the replacement has words of its own, or the whole match, or where there is none.
    """

    pointer: str
    rule: Regexp
    pattern: re.Pattern[str]
    kept: frozenset[int]


@lru_cache(maxsize=1)
def _regexps(subject: Subject) -> tuple[_Used, ...]:
    """Every regular expression that compiles; of others `REGEX_INVALID` tells. Kept for the rules of this module."""
    return tuple(
        used
        for entry in subject.entries
        for _, pointer, rule in every_rule(entry)
        if isinstance(rule, Regexp) and (used := _compiled(pointer, rule))
    )


def _compiled(pointer: str, rule: Regexp) -> _Used | None:
    try:
        python = python_pattern(rule.pattern)
        parts = parse_replacement(rule.replace, Pattern(python, None, python.groups))
    except PatternError:
        return None
    own_words = 0 in parts or any(isinstance(part, str) and part.strip() for part in parts)
    kept = frozenset(part for part in parts if isinstance(part, int) and not own_words)
    return _Used(pointer, rule, python, kept)


def _unanchored(subject: Subject) -> Iterator[Found]:
    for used in _regexps(subject):
        if not used.kept:
            continue
        rule, reach = used.rule, Reach.of(used.rule.pattern, used.pattern.groups)
        if (reach.from_start and reach.to_end) or reach.looks_around or not _takes_out(reach, used.kept):
            continue
        open_ends = [end for end, closed in (("before", reach.from_start), ("after", reach.to_end)) if not closed]
        yield Found(
            f"{used.pointer}/replace",
            f"`replace` is {quoted(rule.replace)}, but whatever the value has {' and '.join(open_ends)} the match of "
            f"{quoted(rule.pattern)} stays in the output.",
            _without_replace(rule, used.kept, reach),
        )


def _takes_out(reach: Reach, kept: frozenset[int]) -> bool:
    """Whether a replacement is there to take a part out of a value, not to change a detail of it.

    A detail is, for example, a fixed word in front of what is kept: `^0+([1-9])` with `$1`.
    """
    if reach.drops(kept) or (reach.groups and reach.drops_nothing(kept)):
        return True
    (group, *others) = kept
    return not (others or reach.from_start or reach.to_end) and reach.longest(group) > 1


def _without_replace(rule: Regexp, kept: frozenset[int], reach: Reach) -> str:
    if kept == reach.groups:
        return "Leave out `replace`: then the output is the groups alone."
    start, end = "" if reach.from_start else "^.*?", "" if reach.to_end else ".*$"
    return f"Let the pattern take in the whole value: {quoted(f'{start}{rule.pattern}{end}', WRITTEN)}."


def _no_group(subject: Subject) -> Iterator[Found]:
    for used in _regexps(subject):
        if not used.rule.replace and not used.pattern.groups:
            message = f"The pattern {quoted(used.rule.pattern)} has no group, so the output is always empty."
            instead = f"Write {quoted(f'({used.rule.pattern})', WRITTEN)}."
            yield Found(f"{used.pointer}/pattern", message, instead)


def _named_group(subject: Subject) -> Iterator[Found]:
    for used in _regexps(subject):
        replace, groups = used.rule.replace, used.pattern.groupindex
        name = next((name for name in NAMED.findall(replace) if name in groups), None)
        if name is not None:
            message = f"`replace` is {quoted(replace)}, which is no group but these letters: groups have numbers."
            yield Found(f"{used.pointer}/replace", message, f"Write ${groups[name]} for the group {name}.")


CHECKS = (
    Check(
        "regexp-unanchored",
        Severity.BUG,
        "A `replace` that takes a part out of a value leaves the rest of the value around it",
        "Leave out `replace`, or let the pattern reach from ^ to $.",
        _unanchored,
    ),
    Check(
        "regexp-no-group",
        Severity.BUG,
        "A pattern without `replace` has no group, so its output is always empty",
        "Brackets around what is wanted.",
        _no_group,
    ),
    Check(
        "regexp-named-group",
        Severity.BUG,
        "A `replace` has `$name` for a group, which is taken by the letter",
        "The number of the group: `$1`.",
        _named_group,
    ),
)
