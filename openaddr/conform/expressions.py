"""The same functions as `functions`, on whole columns.

A column function takes the text columns of a batch and gives one column; null means that it sets nothing. Simple
functions are polars expressions. Regular expressions run in Rust on plain ASCII values and by Python's rules, one
value at a time, on the rest.
"""

from collections.abc import Callable, Sequence

import polars as pl

from openaddr.conform import functions
from openaddr.conform.functions import MAX_VALUE_BYTES, TIMED_OUT, TOO_LONG, Matcher, Slowness
from openaddr.conform.patterns import rust_replacement
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
    RemovePostfix,
    RemovePrefix,
    Rule,
    columns_of,
)

WHITESPACE = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
"""What Python's strip() takes away; Rust's own list lacks U+001C to U+001F."""
SMALL_PATTERN = 500
"""States of a pattern that Rust's engine is surely quick with, whatever the values."""
SLICE_BYTES = 32_768
"""Text that a larger pattern gets at once; nothing can stop it on the way."""

_ODD = r"[^\x20-\x7e]"


class Columns:
    """The text columns of one batch by name, all of one height; a name that is not there reads as ''."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame
        self._odd: dict[str, pl.Series | None] = {}
        self.spoilt = False

    @property
    def height(self) -> int:
        """Rows of the batch."""
        return self._frame.height

    def __contains__(self, name: str) -> bool:
        return name in self._frame.columns

    def text(self, name: str) -> pl.Series:
        """One column; '' throughout when there is none of that name."""
        return self._frame[name] if name in self else pl.repeat("", self.height, eager=True, dtype=pl.String)

    def odd(self, name: str) -> pl.Series | None:
        """Which values are not wholly printable ASCII or are very long, None when there are none."""
        if name not in self._odd:
            mask = self.text(name).str.contains(_ODD) | (self.text(name).str.len_bytes() > MAX_VALUE_BYTES)
            self._odd[name] = mask if mask.any() else None
        return self._odd[name]

    def assign(self, values: dict[str, pl.Series]) -> None:
        """Set or replace columns."""
        self._frame = self._frame.with_columns(series.alias(name) for name, series in values.items())
        for name in values:
            self._odd.pop(name, None)

    def forget(self, names: Sequence[str]) -> None:
        """Take columns away again."""
        self._frame = self._frame.drop(names, strict=False)
        for name in names:
            self._odd.pop(name, None)

    def select(self, names: Sequence[str], expression: pl.Expr) -> pl.Series:
        """Evaluate an expression in which the columns are called "0", "1" … in the order of `names`."""
        frame = pl.DataFrame({str(place): self.text(name) for place, name in enumerate(names)})
        return frame.select(expression.alias("made")).to_series()


ColumnFunction = Callable[[Columns], pl.Series]


def column_function(rule: Rule, seconds: float = 1.0, slowness: Slowness | None = None) -> ColumnFunction:
    """Compile a rule; `seconds` is the time one value may spend in one regular expression. Raises RuleError."""
    slowness = slowness or Slowness()
    matcher = functions.matcher(rule, seconds, slowness)
    if matcher is not None:
        return _limited(_match(matcher))
    if isinstance(rule, Chain):
        return _chain(rule, seconds, slowness)
    return _limited(_plain(rule))


def _plain(rule: Rule) -> ColumnFunction:
    names = columns_of(rule)
    if isinstance(rule, Column):
        return lambda columns: columns.text(rule.name)
    if isinstance(rule, Constant):
        text = functions.as_text(rule.value)
        return lambda columns: pl.repeat(text, columns.height, eager=True, dtype=pl.String)
    if isinstance(rule, MphToKph):
        return lambda columns: _by_value(columns.text(rule.field), functions.mph_to_kph)
    if isinstance(rule, Map):
        return _map(rule)
    expression = _expression(rule, [pl.col(str(place)) for place in range(len(names))])
    return lambda columns: _sized(columns.select(names, expression), columns.height)


def _sized(series: pl.Series, height: int) -> pl.Series:
    """An expression without any column gives one value; spread it over the batch."""
    return series if len(series) == height else series.new_from_index(0, height)


def _expression(rule: Rule, fields: list[pl.Expr]) -> pl.Expr:
    match rule:
        case Merge():
            return _join(fields, " ")
        case Join(_, separator):
            return _join(fields, separator)
        case Format(_, template):
            return _format(functions.format_parts(template), fields)
        case RemovePrefix():
            value, prefix = fields
            bare = value.str.strip_prefix(prefix).str.strip_chars_start(" ")
            return pl.when(value.str.starts_with(prefix)).then(bare).otherwise(value)
        case RemovePostfix():
            value, postfix = fields
            bare = value.str.strip_suffix(postfix).str.strip_chars_end(" ")
            return pl.when((postfix != "") & value.str.ends_with(postfix)).then(bare).otherwise(value)
        case FirstNonEmpty():
            filled: list[pl.Expr] = [pl.when(stripped(field) != "").then(field) for field in fields]
            return pl.coalesce([*filled, pl.lit(None, dtype=pl.String)])
        case Get(_, index):
            items = fields[0].str.strip_chars("[ ]'").str.split(",")
            return items.list.get(index, null_on_oob=True).str.strip_chars(" '").fill_null("")
    raise TypeError(f"no expression for {rule!r}")


def stripped(field: pl.Expr) -> pl.Expr:
    """Text without blanks at both ends, by Python's idea of a blank."""
    return field.str.strip_chars(WHITESPACE)


def _join(fields: list[pl.Expr], separator: str) -> pl.Expr:
    if not fields:
        return pl.lit("")
    bare = [stripped(field) for field in fields]
    return pl.concat_str([pl.when(text != "").then(text) for text in bare], separator=separator, ignore_nulls=True)


def _format(parts: functions.FormatParts, fields: list[pl.Expr]) -> pl.Expr:
    pieces: list[pl.Expr] = []
    added: pl.Expr = pl.lit(False)
    for position, (literal, index) in enumerate(parts.placeholders):
        value = stripped(fields[index]).str.strip_suffix(".0") if 0 <= index < len(fields) else pl.lit("")
        stands = pl.lit(True) if position == 0 else added & (value != "")
        pieces += [pl.when(stands).then(pl.lit(literal)).otherwise(pl.lit("")), value]
        added = added | (value != "")
    return pl.when(added).then(pl.concat_str([*pieces, pl.lit(parts.tail)])).otherwise(pl.lit(""))


def _map(rule: Map) -> ColumnFunction:
    texts = {key: functions.as_text(value) for key, value in rule.mapping.items()}
    default = functions.as_text(rule.otherwise)

    def run(columns: Columns) -> pl.Series:
        if rule.field not in columns:
            return pl.repeat(None, columns.height, eager=True, dtype=pl.String)
        return columns.text(rule.field).replace_strict(texts, default=default, return_dtype=pl.String)

    return run


def _match(matcher: Matcher) -> ColumnFunction:
    in_rust = _in_rust(matcher)
    if in_rust is not None and matcher.pattern.states > SMALL_PATTERN:
        in_rust = _in_slices(in_rust, matcher)

    def run(columns: Columns) -> pl.Series:
        values = columns.text(matcher.field)
        if in_rust is None:
            return _match_by_value(values, matcher, columns)
        odd = columns.odd(matcher.field)
        if odd is None:
            return in_rust(values)
        if odd.all():
            return _match_by_value(values, matcher, columns)
        # polars' scatter writes into its own buffer, which others may share: always into a clone.
        by_value = _match_by_value(values.filter(odd), matcher, columns)
        return in_rust(values).clone().scatter(odd.arg_true(), by_value)

    return run


def _in_rust(matcher: Matcher) -> Callable[[pl.Series], pl.Series] | None:
    """The matcher by Rust's engine for plain ASCII values, None when the engine cannot take it."""
    rust, groups = matcher.pattern.rust, matcher.pattern.groups
    if rust is None:
        return None
    try:
        pl.Series([""]).str.contains(rust)
    except pl.exceptions.ComputeError:
        return None
    if matcher.replacement is not None:
        replacement = rust_replacement(matcher.replacement)
        return lambda values: values.str.replace_all(rust, replacement)
    if groups == 0:
        return lambda values: pl.repeat("", len(values), eager=True, dtype=pl.String)
    if groups == 1:
        return lambda values: values.str.extract(rust, 1).fill_null("")
    return lambda values: _all_groups(values, rust)


def _in_slices(in_rust: Callable[[pl.Series], pl.Series], matcher: Matcher) -> Callable[[pl.Series], pl.Series]:
    """The same in small pieces, whose time is counted."""

    def run(values: pl.Series) -> pl.Series:
        borders = values.str.len_bytes().fill_null(0).cum_sum() // SLICE_BYTES
        made = []
        for piece in values.to_frame("value").with_columns(borders.alias("piece")).partition_by("piece"):
            with matcher.timed():
                made.append(in_rust(piece["value"]))
        return pl.concat(made) if made else in_rust(values)

    return run


def _all_groups(values: pl.Series, rust: str) -> pl.Series:
    found = values.str.extract_groups(rust).struct.unnest()
    return found.select(pl.concat_str(pl.all(), ignore_nulls=True).fill_null("")).to_series()


def _match_by_value(values: pl.Series, matcher: Matcher, columns: Columns) -> pl.Series:
    made = _by_value(values, matcher)
    columns.spoilt = columns.spoilt or bool(made.str.contains(TIMED_OUT, literal=True).any())
    return made


def _by_value(values: pl.Series, function: Callable[[str], str]) -> pl.Series:
    """The function on every distinct value once."""
    known: dict[str, str] = {}
    made = []
    for value in values.to_list():
        if value not in known:
            known[value] = function(value)
        made.append(known[value])
    return pl.Series(made, dtype=pl.String)


def _limited(function: ColumnFunction) -> ColumnFunction:
    def limited(columns: Columns) -> pl.Series:
        made = function(columns)
        too_long = (made.str.len_bytes() > MAX_VALUE_BYTES).fill_null(False)
        if not too_long.any():
            return made
        columns.spoilt = True
        return pl.repeat(TOO_LONG, len(made), eager=True, dtype=pl.String).zip_with(too_long, made)

    return limited


def _chain(rule: Chain, seconds: float, slowness: Slowness) -> ColumnFunction:
    steps = functions.compile_steps(rule, lambda step: column_function(step, seconds, slowness))

    def run(columns: Columns) -> pl.Series:
        names = [name for name in functions.chain_names(rule) if name.startswith("oa:") or name not in columns]
        value = pl.repeat("", columns.height, eager=True, dtype=pl.String)
        for step in steps:
            columns.assign(dict.fromkeys(names, value))
            made = step(columns)
            value = made.zip_with(made.is_not_null(), value) if made.null_count() else made
        columns.forget(names)
        return value

    return run
