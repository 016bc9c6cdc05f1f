"""What each function of a conform means, one row at a time, in plain Python.

This is the reference: acceptance tests of sources run through it, the column path (`expressions`) is held equal to it
by property tests, and falls back to it for values that only Python's rules can treat. A row is a mapping of column
names to text. A function gives text, or None where it sets nothing: '' for an attribute, no change inside a chain.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import process_time
from typing import TypeVar

from openaddr.conform.patterns import Part, Pattern, PatternError, compile_pattern, parse_replacement
from openaddr.errors import Code, ProblemError
from openaddr.source.rules import (
    Chain,
    Column,
    Constant,
    FirstNonEmpty,
    Format,
    Get,
    Join,
    Map,
    Merge,
    MphToKph,
    PostfixedStreet,
    PostfixedUnit,
    PrefixedNumber,
    Regexp,
    RemovePostfix,
    RemovePrefix,
    Rule,
    RuleError,
)

Row = Mapping[str, str]
RowFunction = Callable[[Row], str | None]
Compiled = TypeVar("Compiled")

MAX_VALUE_BYTES = 65_536
TOO_LONG = "\ufdd2"
TIMED_OUT = "\ufdd3"
"""Noncharacters that stand for a value which must reject its row; Unicode promises that no text holds them."""

MAX_TIME_OUTS = 20
"""The time that the slow values of a run may take together, in times of what a single one may take."""
SLOW = 0.01
"""A value is slow when it takes more than this share of what it may; most take a few microseconds."""

KPH_PER_MPH = 1.60934

_NUMBER = r"(?:\d+(?:[ -]\d/\d)?|\d+-\d+|\d+-?[A-Z])"
_UNIT = r"(?:(?:UNIT|APARTMENT|APT\.?|SUITE|STE\.?|BUILDING|BLDG\.?|LOT)\s+|#)"
PREFIXED_NUMBER = rf"(?i)^\s*({_NUMBER})\s+"
POSTFIXED_STREET = rf"(?i)^(?:\s*{_NUMBER}\s+)?(.*)"
POSTFIXED_STREET_WITH_UNITS = rf"(?i)^(?:\s*{_NUMBER}\s+)?(.+?)(?:\s+{_UNIT}.+)?$"
POSTFIXED_UNIT = rf"(?i)\s({_UNIT}.+)$"


@dataclass
class Slowness:
    """What the slow values of all regular expressions of a run have taken so far, in seconds of the processor."""

    seconds: float = 0.0
    values: int = 0

    def add(self, seconds: float, matcher: "Matcher") -> None:
        """Count one value. Raises ProblemError(REGEX_TOO_SLOW) when all of them have had enough."""
        if seconds <= SLOW * matcher.seconds:
            return
        self.seconds += seconds
        self.values += 1
        if self.seconds > MAX_TIME_OUTS * matcher.seconds:
            raise ProblemError(
                Code.REGEX_TOO_SLOW,
                f"Regular expressions took {self.seconds:.1f} s on {self.values} values, the last of them the pattern "
                f"{matcher.pattern.python.pattern[:80]!r} on {matcher.field!r}.",
            )


@dataclass(frozen=True)
class Matcher:
    """A regular expression ready for use; `replacement` None means extraction of its groups."""

    field: str
    pattern: Pattern
    replacement: tuple[Part, ...] | None
    seconds: float
    slowness: Slowness

    def __call__(self, value: str) -> str:
        with self.timed():
            try:
                if self.replacement is None:
                    return self.pattern.extract(value, self.seconds)
                return self.pattern.substitute(self.replacement, value, self.seconds)
            except TimeoutError:
                return TIMED_OUT

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Counts what the processor does meanwhile. Raises ProblemError(REGEX_TOO_SLOW)."""
        started = process_time()
        yield
        self.slowness.add(process_time() - started, self)


def matcher(rule: Rule, seconds: float, slowness: Slowness) -> Matcher | None:
    """The matcher of a rule that is a regular expression, None for other rules. Raises RuleError."""
    match rule:
        case Regexp(field, pattern, replace):
            return _matcher(field, pattern, replace, seconds, slowness)
        case PrefixedNumber(field):
            return _matcher(field, PREFIXED_NUMBER, "", seconds, slowness)
        case PostfixedStreet(field, may_contain_units):
            street = POSTFIXED_STREET_WITH_UNITS if may_contain_units else POSTFIXED_STREET
            return _matcher(field, street, "", seconds, slowness)
        case PostfixedUnit(field):
            return _matcher(field, POSTFIXED_UNIT, "", seconds, slowness)
    return None


def _matcher(field: str, text: str, replace: str, seconds: float, slowness: Slowness) -> Matcher:
    try:
        pattern = compile_pattern(text, replaces=bool(replace))
    except PatternError as error:
        raise RuleError(str(error), "/pattern") from None
    try:
        replacement = parse_replacement(replace, pattern) if replace else None
    except PatternError as error:
        raise RuleError(str(error), "/replace") from None
    return Matcher(field, pattern, replacement, seconds, slowness)


def row_function(rule: Rule, seconds: float = 1.0, slowness: Slowness | None = None) -> RowFunction:
    """Compile a rule; `seconds` is the time one value may spend in one regular expression. Raises RuleError."""
    slowness = slowness or Slowness()
    found = matcher(rule, seconds, slowness)
    if found is not None:
        return _limited(lambda row: found(row.get(found.field, "")))
    if isinstance(rule, Chain):
        return _chain(rule, seconds, slowness)
    return _limited(_plain(rule))


def _plain(rule: Rule) -> RowFunction:
    """Rules that are neither a regular expression nor a chain."""
    match rule:
        case Column(name):
            return lambda row: row.get(name, "")
        case Merge(fields):
            return lambda row: join(_values(row, fields), " ")
        case Join(fields, separator):
            return lambda row: join(_values(row, fields), separator)
        case Format(fields, template):
            parts = format_parts(template)
            return lambda row: fill(parts, _values(row, fields))
        case RemovePrefix(field, prefix):
            return lambda row: remove_prefix(row.get(field, ""), row.get(prefix, ""))
        case RemovePostfix(field, postfix):
            return lambda row: remove_postfix(row.get(field, ""), row.get(postfix, ""))
        case FirstNonEmpty(fields):
            return lambda row: next((value for value in _values(row, fields) if value.strip()), None)
        case Constant(value):
            text = as_text(value)
            return lambda row: text
        case Map(field, mapping, otherwise):
            texts = {key: as_text(value) for key, value in mapping.items()}
            default = as_text(otherwise)
            return lambda row: texts.get(row[field], default) if field in row else None
        case Get(field, index):
            return lambda row: get(row.get(field, ""), index)
        case MphToKph(field):
            return lambda row: mph_to_kph(row.get(field, ""))
    raise RuleError(f"there is no function for {rule!r}")


def _values(row: Row, fields: Sequence[str]) -> list[str]:
    return [row.get(field, "") for field in fields]


def _limited(function: RowFunction) -> RowFunction:
    def limited(row: Row) -> str | None:
        value = function(row)
        return TOO_LONG if value is not None and len(value.encode()) > MAX_VALUE_BYTES else value

    return limited


def compile_steps(rule: Chain, compile_step: Callable[[Rule], Compiled]) -> list[Compiled]:
    """The steps of a chain. Raises RuleError with the place of the step."""
    steps = []
    for place, step in enumerate(rule.steps):
        try:
            steps.append(compile_step(step))
        except RuleError as error:
            raise RuleError(str(error), f"/functions/{place}{error.pointer}") from None
    return steps


def _chain(rule: Chain, seconds: float, slowness: Slowness) -> RowFunction:
    steps = compile_steps(rule, lambda step: row_function(step, seconds, slowness))
    names = chain_names(rule)

    def run(row: Row) -> str | None:
        bare = [name for name in names if name.startswith("oa:") or name not in row]
        value = ""
        for step in steps:
            made = step({**row, **dict.fromkeys(bare, value)})
            value = value if made is None else made
        return value

    return run


def chain_names(rule: Chain) -> tuple[str, ...]:
    """Names under which the steps of a chain see its value; the bare one only where no column is called so."""
    return (f"oa:{rule.variable}", rule.variable) if rule.variable else ()


def as_text(value: str | int | float | bool) -> str:
    """A JSON value as the text of a column."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def join(values: Iterable[str], separator: str) -> str:
    """The non-blank values, stripped."""
    return separator.join(text for text in (value.strip() for value in values) if text)


_PLACEHOLDER = re.compile(r"\$([0-9]+)")


@dataclass(frozen=True)
class FormatParts:
    """A template taken apart: (literal before, 0-based field) for each placeholder, and the literal at the end."""

    placeholders: tuple[tuple[str, int], ...]
    tail: str


def format_parts(template: str) -> FormatParts:
    """Take a template apart; `$1` is the first field."""
    pieces = _PLACEHOLDER.split(template)
    pairs = zip(pieces[0::2], pieces[1::2], strict=False)
    return FormatParts(tuple((literal, int(number) - 1) for literal, number in pairs), pieces[-1])


def fill(parts: FormatParts, values: Sequence[str]) -> str:
    """The template with its fields; '' when no field has a value.

    The literal before the first placeholder and the tail always stand; one between two placeholders stands only where
    something came before it and the field after it has a value.
    """
    filled, added = "", False
    for position, (literal, index) in enumerate(parts.placeholders):
        value = whole_number(values[index].strip()) if 0 <= index < len(values) else ""
        filled += literal if position == 0 or (value and added) else ""
        filled += value
        added = added or bool(value)
    return filled + parts.tail if added else ""


def whole_number(text: str) -> str:
    """Text without one `.0` at its end, which spreadsheets and databases leave behind."""
    return text.removesuffix(".0")


def remove_prefix(value: str, prefix: str) -> str:
    """Value without the prefix and the spaces after it; also an empty prefix takes leading spaces away."""
    return value[len(prefix) :].lstrip(" ") if value.startswith(prefix) else value


def remove_postfix(value: str, postfix: str) -> str:
    """Value without the postfix and the spaces before it; an empty postfix changes nothing."""
    return value[: -len(postfix)].rstrip(" ") if postfix and value.endswith(postfix) else value


def get(value: str, index: int) -> str:
    """One item of a list in text form such as `['a', 'b']`; '' when there is no such item."""
    items = value.strip("[ ]'").split(",")
    return items[index].strip(" '") if -len(items) <= index < len(items) else ""


def mph_to_kph(value: str) -> str:
    """Kilometres per hour, rounded to a whole number; '' when the value is not a finite number."""
    try:
        return str(round(float(value) * KPH_PER_MPH))
    except (ValueError, OverflowError):
        return ""
