"""The rules of a conform: how one output attribute is made from the columns of the data.

A rule is a column name, a list of column names, or a function object; here each is a frozen record. Shapes and
limits are checked when the record is built, so whoever holds a `Rule` may use it without further checks.
"""

from typing import Annotated, Any, get_args

import msgspec

MAX_CHAIN_STEPS = 64
MAX_NESTING = 8
MAX_COLUMNS = 256
"""Columns that one function may name; the longest list known has 8."""
MAX_INDEX = 1_000_000
MAX_TEXT = 1_000
"""Characters of a text that a function adds to every row; the longest known has 30."""
MAX_PLACEHOLDERS = 64

Names = Annotated[tuple[str, ...], msgspec.Meta(max_length=MAX_COLUMNS)]
Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]


class Column(msgspec.Struct, frozen=True):
    """The value of one column as it is."""

    name: str


class Merge(msgspec.Struct, frozen=True):
    """A list of columns: the non-blank values, stripped and joined with one space."""

    fields: tuple[str, ...]


class Function(msgspec.Struct, frozen=True, tag_field="function"):
    """Base of the function objects; the JSON member `function` says which."""


class Join(Function, tag="join", frozen=True):
    """The non-blank values, stripped and joined with `separator`."""

    fields: Names
    separator: Text = " "


class Format(Function, tag="format", frozen=True):
    """A template with $1, $2 … for `fields`; a literal stands only where the field after it has a value."""

    fields: Names
    format: Text


class Regexp(Function, tag="regexp", frozen=True):
    """Groups of the first match joined, or with `replace` every match replaced ($1, ${1} for groups)."""

    field: str
    pattern: str
    replace: Text = ""


class PrefixedNumber(Function, tag="prefixed_number", frozen=True):
    """The house number before a street name."""

    field: str


class PostfixedStreet(Function, tag="postfixed_street", frozen=True):
    """The street name after a house number."""

    field: str
    may_contain_units: bool = False


class PostfixedUnit(Function, tag="postfixed_unit", frozen=True):
    """The unit after a street name."""

    field: str


class RemovePrefix(Function, tag="remove_prefix", frozen=True):
    """`field` without the value of `field_to_remove` at its start."""

    field: str
    field_to_remove: str


class RemovePostfix(Function, tag="remove_postfix", frozen=True):
    """`field` without the value of `field_to_remove` at its end."""

    field: str
    field_to_remove: str


class FirstNonEmpty(Function, tag="first_non_empty", frozen=True):
    """The first value that is not blank."""

    fields: Names


class Constant(Function, tag="constant", frozen=True):
    """The same value for every row."""

    value: Text | int | float | bool


class Map(Function, tag="map", frozen=True):
    """A table from values to values."""

    field: str
    mapping: dict[str, Text | int | float]
    otherwise: Text | int | float = msgspec.field(default="", name="else")


class Get(Function, tag="get", frozen=True):
    """One item of a list that the data holds as text, counted from 0; negative counts from the end."""

    field: str
    index: Annotated[int, msgspec.Meta(ge=-MAX_INDEX, le=MAX_INDEX)]


class MphToKph(Function, tag="mph_to_kph", frozen=True):
    """Miles per hour as kilometres per hour, rounded."""

    field: str


class Chain(Function, tag="chain", frozen=True):
    """Steps one after the other; each sees the result so far as `oa:<variable>` (or as bare `<variable>`)."""

    steps: tuple["Rule", ...]
    variable: str = ""


SimpleFunction = (
    Join
    | Format
    | Regexp
    | PrefixedNumber
    | PostfixedStreet
    | PostfixedUnit
    | RemovePrefix
    | RemovePostfix
    | FirstNonEmpty
    | Constant
    | Map
    | Get
    | MphToKph
)
Rule = SimpleFunction | Column | Merge | Chain


class RuleError(ValueError):
    """A rule is not usable; `pointer` is relative to the rule, such as `/functions/2/pattern`."""

    def __init__(self, message: str, pointer: str = "") -> None:
        super().__init__(message)
        self.pointer = pointer


def parse_rule(value: Any, depth: int = 0) -> Rule:
    """Build the rule that a conform value describes. Raises RuleError."""
    if isinstance(value, str):
        return Column(value)
    if isinstance(value, list):
        return Merge(_names(value))
    if isinstance(value, dict):
        rule = _chain(value, depth) if value.get("function") == "chain" else _function(value)
        _require_few_steps(rule)
        return rule
    raise RuleError(f"a rule is a column name, a list of column names or a function object, not {_shown(value)}")


def _names(value: list[Any]) -> tuple[str, ...]:
    if len(value) > MAX_COLUMNS:
        raise RuleError(f"a list may name {MAX_COLUMNS} columns, this one names {len(value):,}")
    for index, name in enumerate(value):
        if not isinstance(name, str):
            raise RuleError(f"a column name is text, not {_shown(name)}", f"/{index}")
    return tuple(value)


FUNCTIONS = (*(kind.__struct_config__.tag for kind in get_args(SimpleFunction)), "chain")


def _function(value: dict[str, Any]) -> Rule:
    if value.get("function") not in FUNCTIONS:
        message = f"there is no function {_shown(value.get('function'))}; known are {', '.join(FUNCTIONS)}"
        raise RuleError(message, "/function" if "function" in value else "")
    try:
        rule: Rule = msgspec.convert(value, SimpleFunction)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        raise RuleError(message, pointer_of(path.rstrip("`"))) from None
    if isinstance(rule, Format) and rule.format.count("$") > MAX_PLACEHOLDERS:
        count = rule.format.count("$")
        raise RuleError(f"a template may have {MAX_PLACEHOLDERS} fields, this one has {count}", "/format")
    return rule


def _chain(value: dict[str, Any], depth: int) -> Chain:
    functions, variable = value.get("functions"), value.get("variable", "")
    if not isinstance(functions, list) or not functions:
        raise RuleError("a chain needs a list of `functions`", "/functions")
    if not isinstance(variable, str):
        raise RuleError(f"the `variable` of a chain is text, not {_shown(variable)}", "/variable")
    if len(functions) > MAX_CHAIN_STEPS:
        raise RuleError(f"a chain may have {MAX_CHAIN_STEPS} steps, this one has {len(functions):,}", "/functions")
    if depth >= MAX_NESTING:
        raise RuleError(f"chains may be nested {MAX_NESTING} deep", "/functions")
    return Chain(tuple(_step(step, index, depth) for index, step in enumerate(functions)), variable)


def _require_few_steps(rule: Rule) -> None:
    """Chains in chains multiply, so it is all the steps that count."""
    steps = _steps_of(rule)
    if steps > MAX_CHAIN_STEPS:
        message = f"a chain may have {MAX_CHAIN_STEPS} steps with those of the chains in it, this one has {steps}"
        raise RuleError(message, "/functions")


def _steps_of(rule: Rule) -> int:
    """Steps of a chain and of the chains in it that are no chains themselves; 0 for other rules."""
    return sum(_steps_of(step) or 1 for step in rule.steps) if isinstance(rule, Chain) else 0


def _step(step: Any, index: int, depth: int) -> Rule:
    try:
        return parse_rule(step, depth + 1)
    except RuleError as error:
        raise RuleError(str(error), f"/functions/{index}{error.pointer}") from None


def _shown(value: object) -> str:
    return repr(value)[:60]


def pointer_of(path: str) -> str:
    """The RFC 6901 pointer for a msgspec path such as `.fields[1]`."""
    return path.replace("[", "/").replace("]", "").replace(".", "/").replace("/...", "")


def columns_of(rule: Rule) -> tuple[str, ...]:
    """Names that a rule reads, in order, without the variables of its own chains."""
    match rule:
        case Column(name):
            return (name,)
        case Merge(fields) | Join(fields) | Format(fields) | FirstNonEmpty(fields):
            return fields
        case RemovePrefix(field, other) | RemovePostfix(field, other):
            return (field, other)
        case Chain(steps, variable):
            own = {variable, f"oa:{variable}"} if variable else set()
            return tuple(name for step in steps for name in columns_of(step) if name not in own)
        case Constant():
            return ()
        case _:
            return (rule.field,)


def variables_of(rule: Rule) -> tuple[str, ...]:
    """The variables of the chains in a rule; where the data has a column so named, the bare name means the column."""
    if not isinstance(rule, Chain):
        return ()
    inner = tuple(name for step in rule.steps for name in variables_of(step))
    return (rule.variable, *inner) if rule.variable else inner


def is_numeric(rule: Rule) -> bool:
    """Whether every value that the rule makes is a JSON number (or nothing)."""
    match rule:
        case Constant(value):
            return _is_number(value)
        case Map(_, mapping, otherwise):
            return all(_is_number(value) for value in (*mapping.values(), *([otherwise] if otherwise != "" else [])))
        case _:
            return False


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
