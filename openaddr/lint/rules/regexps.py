"""Regular expressions that do something else than their author meant."""

import re
from collections.abc import Iterator

from openaddr.conform.patterns import PatternError, compile_pattern, parse_replacement
from openaddr.lint.findings import WRITTEN, Found, Severity, quoted
from openaddr.lint.reach import Reach
from openaddr.lint.rules.check import Check
from openaddr.lint.subject import Subject, every_rule
from openaddr.source.rules import Regexp

NAMED = re.compile(r"\$\{?([A-Za-z_]\w*)\}?")


def _regexps(subject: Subject) -> Iterator[tuple[str, Regexp]]:
    """Pointer and rule of every regular expression that compiles; of others `REGEX_INVALID` tells."""
    for entry in subject.entries:
        for _, pointer, rule in every_rule(entry):
            if isinstance(rule, Regexp) and _compiles(rule):
                yield pointer, rule


def _compiles(rule: Regexp) -> bool:
    try:
        parse_replacement(rule.replace, compile_pattern(rule.pattern, replaces=bool(rule.replace)))
    except PatternError:
        return False
    return True


def _unanchored(subject: Subject) -> Iterator[Found]:
    for pointer, rule in _regexps(subject):
        kept = _groups_kept(rule)
        if not kept:
            continue
        reach = Reach.of(rule.pattern)
        if (reach.from_start and reach.to_end) or reach.looks_around or not _takes_out(reach, kept):
            continue
        open_ends = [end for end, closed in (("before", reach.from_start), ("after", reach.to_end)) if not closed]
        yield Found(
            f"{pointer}/replace",
            f"`replace` is {quoted(rule.replace)}, but whatever the value has {' and '.join(open_ends)} the match of "
            f"{quoted(rule.pattern)} stays in the output.",
            _without_replace(rule, kept, reach),
        )


def _groups_kept(rule: Regexp) -> set[int]:
    """Groups of which the replacement is made; none where it has words of its own, or the whole match."""
    if not rule.replace:
        return set()
    parts = parse_replacement(rule.replace, compile_pattern(rule.pattern, replaces=True))
    if 0 in parts or any(isinstance(part, str) and part.strip() for part in parts):
        return set()
    return {part for part in parts if isinstance(part, int)}


def _takes_out(reach: Reach, kept: set[int]) -> bool:
    """Whether a replacement is there to take a part out of a value, not to change a detail of it.

    A detail is, for example, a fixed word in front of what is kept: `^0+([1-9])` with `$1`.
    """
    if reach.drops(kept) or (reach.groups and reach.drops_nothing(kept)):
        return True
    (group, *others) = kept
    return not (others or reach.from_start or reach.to_end) and reach.longest(group) > 1


def _without_replace(rule: Regexp, kept: set[int], reach: Reach) -> str:
    if kept == reach.groups:
        return "Leave out `replace`: then the output is the groups alone."
    start, end = "" if reach.from_start else "^.*?", "" if reach.to_end else ".*$"
    return f"Let the pattern take in the whole value: {quoted(f'{start}{rule.pattern}{end}', WRITTEN)}."


def _no_group(subject: Subject) -> Iterator[Found]:
    for pointer, rule in _regexps(subject):
        if not rule.replace and not re.compile(rule.pattern).groups:
            message = f"The pattern {quoted(rule.pattern)} has no group, so the output is always empty."
            yield Found(f"{pointer}/pattern", message, f"Write {quoted(f'({rule.pattern})', WRITTEN)}.")


def _named_group(subject: Subject) -> Iterator[Found]:
    for pointer, rule in _regexps(subject):
        groups = re.compile(rule.pattern).groupindex
        name = next((name for name in NAMED.findall(rule.replace) if name in groups), None)
        if name is not None:
            message = f"`replace` is {quoted(rule.replace)}, which is no group but these letters: groups have numbers."
            yield Found(f"{pointer}/replace", message, f"Write ${groups[name]} for the group {name}.")


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
