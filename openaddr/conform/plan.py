"""A conform against the columns that the data really has: which column each name means, and one function an attribute.

Names match exactly first, then without regard to case when exactly one column fits, with a warning. A name that fits
no column reads as '' with a warning; when all required attributes would lose all their columns, the run stops and
names the nearest ones.
"""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import polars as pl

from openaddr.conform.expressions import ColumnFunction, Columns, column_function
from openaddr.conform.functions import RowFunction, Slowness, row_function
from openaddr.errors import Code, Problem, ProblemError
from openaddr.source.model import Conform, LayerSource
from openaddr.source.positions import escape
from openaddr.source.rules import Chain, Column, Rule, RuleError, columns_of, is_numeric, variables_of
from openaddr.stages import ATTRIBUTES, Layer

REQUIRED: dict[Layer, tuple[str, ...]] = {
    Layer.ADDRESSES: ("number", "street"),
    Layer.PARCELS: ("pid",),
    Layer.BUILDINGS: (),
    Layer.CENTERLINES: (),
}
COLUMNS_LISTED = 20


@dataclass(frozen=True)
class Plan:
    """What to do with each batch. `needed` are the columns to read, spelt as the data spells them."""

    layer: Layer
    needed: tuple[str, ...]
    attributes: tuple[tuple[str, ColumnFunction], ...]
    lon: ColumnFunction | None
    lat: ColumnFunction | None
    numeric: frozenset[str]
    warnings: tuple[Problem, ...] = ()

    def apply(self, columns: Columns) -> pl.DataFrame:
        """The attributes of the layer in output order, text without nulls, from the columns of one batch."""
        made: dict[str, pl.Series] = {}
        for name, function in self.attributes:
            values = function(columns)
            made[name] = values.fill_null("") if values.null_count() else values
            columns.assign({f"oa:{name}": made[name]})
        empty = pl.repeat("", columns.height, eager=True, dtype=pl.String)
        return pl.DataFrame({name: made.get(name, empty) for name in ATTRIBUTES[self.layer]})


@dataclass(frozen=True)
class _Resolver:
    """Finds the column that a name means."""

    columns: Sequence[str]
    made: frozenset[str]

    def find(self, name: str) -> str | None:
        return name if name in self.made else find_column(name, self.columns)

    def __call__(self, name: str) -> str:
        return self.find(name) or name


def find_column(name: str, columns: Sequence[str]) -> str | None:
    """The column that a name means: the same, or the only one that differs in case alone."""
    if name in columns:
        return name
    alike = [column for column in columns if column.casefold() == name.casefold()]
    return alike[0] if len(alike) == 1 else None


def resolve(rule: Rule, lookup: Callable[[str], str]) -> Rule:
    """The rule with every column name replaced; the variables of its chains stay."""
    if isinstance(rule, Column):
        return Column(lookup(rule.name))
    if isinstance(rule, Chain):
        own = {rule.variable, f"oa:{rule.variable}"} if rule.variable else set()
        steps = tuple(resolve(step, lambda name: name if name in own else lookup(name)) for step in rule.steps)
        return msgspec.structs.replace(rule, steps=steps)
    changes: dict[str, object] = {}
    for key in ("field", "field_to_remove"):
        if hasattr(rule, key):
            changes[key] = lookup(getattr(rule, key))
    if hasattr(rule, "fields"):
        changes["fields"] = tuple(lookup(name) for name in rule.fields)
    return msgspec.structs.replace(rule, **changes)


def compile_plan(conform: Conform, layer: Layer, columns: Sequence[str], pointer: str, seconds: float = 1.0) -> Plan:
    """Fit a conform to the columns of the data. Raises ProblemError. `pointer` is the place of the conform."""
    resolver = _Resolver(columns, frozenset(f"oa:{name}" for name, _ in conform.rules))
    named = dict(conform.rules) | {
        key: rule for key, rule in (("lon", conform.lon), ("lat", conform.lat)) if rule is not None
    }
    warnings = tuple(_check_names(named, layer, resolver, pointer))
    rules = {name: resolve(rule, resolver) for name, rule in named.items()}
    named_columns = (name for rule in rules.values() for name in (*columns_of(rule), *variables_of(rule)))
    needed = dict.fromkeys(name for name in named_columns if name in columns)
    slowness = Slowness()
    compiled = {name: _compiled(rule, f"{pointer}/{name}", seconds, slowness) for name, rule in rules.items()}
    return Plan(
        layer,
        tuple(needed),
        tuple((name, compiled[name]) for name, _ in conform.rules),
        compiled.get("lon"),
        compiled.get("lat"),
        frozenset(name for name, rule in conform.rules if is_numeric(rule)),
        warnings,
    )


def _compiled(rule: Rule, pointer: str, seconds: float, slowness: Slowness | None = None) -> ColumnFunction:
    try:
        return column_function(rule, seconds, slowness)
    except RuleError as error:
        raise rule_problem(error, pointer) from None


def rule_problem(error: RuleError, pointer: str) -> ProblemError:
    """The problem of a function that cannot be used, at its place in the source file."""
    code = Code.REGEX_INVALID if error.pointer.endswith(("/pattern", "/replace")) else Code.FUNCTION_INVALID
    message = f"{str(error)[:1].upper()}{str(error)[1:]}."
    return ProblemError(code, message, pointer=pointer + error.pointer)


def check_rules(entry: LayerSource) -> None:
    """Compile every rule of a layer source without looking at data. Raises ProblemError."""
    if entry.conform is None:
        return
    extra = (("lon", entry.conform.lon), ("lat", entry.conform.lat))
    for name, rule in (*entry.conform.rules, *((name, rule) for name, rule in extra if rule is not None)):
        _compiled(rule, f"{entry.pointer}/conform/{escape(name)}", 1.0)


def _check_names(named: Mapping[str, Rule], layer: Layer, resolver: _Resolver, pointer: str) -> list[Problem]:
    """Warnings for names that fit only loosely or not at all. Raises ProblemError where too much is missing."""
    warnings: list[Problem] = []
    lost: dict[str, tuple[str, ...]] = {}
    for attribute, rule in named.items():
        names = dict.fromkeys(columns_of(rule))
        missing = tuple(name for name in names if resolver.find(name) is None)
        if missing and len(missing) == len(names):
            lost[attribute] = missing
        elif missing:
            warnings.append(_missing_problem(attribute, missing, resolver, pointer))
        warnings += [_case_warning(attribute, name, resolver, pointer) for name in names if _differs(name, resolver)]
    problems = [_missing_problem(attribute, missing, resolver, pointer) for attribute, missing in lost.items()]
    needed = {name for name in REQUIRED[layer] if name in named}
    if problems and ((needed and needed <= lost.keys()) or len(lost) == len(named) or lost.keys() & {"lon", "lat"}):
        raise _raised(problems[0])
    return warnings + problems


def _differs(name: str, resolver: _Resolver) -> bool:
    return resolver.find(name) not in (None, name)


def _case_warning(attribute: str, name: str, resolver: _Resolver, pointer: str) -> Problem:
    message = f"`{attribute}` names the column {name!r}; the data spells it {resolver(name)!r}."
    return Problem(Code.FIELD_CASE_DIFFERS, message, pointer=f"{pointer}/{escape(attribute)}")


def _missing_problem(attribute: str, missing: Sequence[str], resolver: _Resolver, pointer: str) -> Problem:
    names = ", ".join(repr(name) for name in missing)
    noun = "the column" if len(missing) == 1 else "the columns"
    verb = "is" if len(missing) == 1 else "are"
    message = f"`{attribute}` needs {noun} {names}, which {verb} not among the {len(resolver.columns)} of the data."
    hint = _nearest_hint(missing, resolver.columns)
    return Problem(Code.FIELD_NOT_FOUND, message, hint, f"{pointer}/{escape(attribute)}")


def _nearest_hint(missing: Sequence[str], columns: Sequence[str]) -> str:
    folded = {column.casefold(): column for column in columns}
    near = [folded[key] for name in missing for key in difflib.get_close_matches(name.casefold(), folded, 3, 0.6)]
    listed = ", ".join(columns[:COLUMNS_LISTED]) + (" …" if len(columns) > COLUMNS_LISTED else "")
    if near:
        return f"Nearest: {', '.join(dict.fromkeys(near))}. The data has: {listed}."
    return f"The data has: {listed}." if columns else "The data has no columns."


def _raised(problem: Problem) -> ProblemError:
    return ProblemError(problem.code, problem.message, hint=problem.hint, pointer=problem.pointer)


def row_plan(
    conform: Conform, columns: Sequence[str], pointer: str, slowness: Slowness | None = None
) -> tuple[tuple[str, RowFunction], ...]:
    """The row-wise reference of a conform for rows of these columns. Raises ProblemError."""
    resolver = _Resolver(columns, frozenset(f"oa:{name}" for name, _ in conform.rules))
    slowness = slowness or Slowness()
    compiled = []
    for name, rule in conform.rules:
        try:
            compiled.append((name, row_function(resolve(rule, resolver), slowness=slowness)))
        except RuleError as error:
            raise rule_problem(error, f"{pointer}/{escape(name)}") from None
    return tuple(compiled)
