"""Chains and templates: steps that lose what was made before them, fields that are not there."""

from collections.abc import Iterator

from openaddr.conform.functions import format_parts
from openaddr.lint.findings import Found, Severity, quoted
from openaddr.lint.rules.check import Check
from openaddr.lint.subject import Subject, every_rule
from openaddr.source.rules import Chain, Format, Rule, columns_of


def _unlinked(subject: Subject) -> Iterator[Found]:
    for entry in subject.entries:
        for _, pointer, rule in every_rule(entry):
            if isinstance(rule, Chain):
                yield from _first_unlinked(rule, pointer)


def _first_unlinked(chain: Chain, pointer: str) -> Iterator[Found]:
    """The first step that does not read what the step before it made."""
    variable = chain.variable
    for index, step in enumerate(chain.steps[1:], start=1):
        names = columns_of(step)
        if variable and f"oa:{variable}" in names:
            continue
        place = f"{pointer}/functions/{index}"
        if variable and variable in names:
            message = f"Step {index + 1} of the chain reads {quoted(variable)}, without `oa:` the name of a column."
            yield Found(place, message, f"Write {quoted(f'oa:{variable}')} for what the step before made.")
        else:
            message = f"Step {index + 1} of the chain reads {_listed(step)}, so what was made before it is lost."
            name = variable or "street_wip"
            yield Found(place, message, f'Let it read {quoted(f"oa:{name}")}, with `"variable": "{name}"`.')
        return


def _listed(step: Rule) -> str:
    names = columns_of(step)
    return f"only {', '.join(map(quoted, names[:3]))}" if names else "nothing"


def _no_field(subject: Subject) -> Iterator[Found]:
    for entry in subject.entries:
        for _, pointer, rule in every_rule(entry):
            if not isinstance(rule, Format):
                continue
            used = {index for _, index in format_parts(rule.format).placeholders}
            count = len(rule.fields)
            if beyond := [index + 1 for index in sorted(used) if not 0 <= index < count]:
                message = f"The template {quoted(rule.format)} has ${beyond[0]}, but there are {count} `fields`."
                yield Found(f"{pointer}/format", message, f"Use $1 to ${count}, or add the column.")


def _unset(subject: Subject) -> Iterator[Found]:
    for entry in subject.entries:
        made = {f"oa:{name}" for name, _ in entry.conform.rules}
        for attribute, rule in entry.conform.rules:
            lost = next((name for name in columns_of(rule) if name.startswith("oa:") and name not in made), None)
            if lost is not None:
                message = f"`{attribute}` reads {quoted(lost)}, but no chain around it has that variable."
                yield Found(entry.rule_pointer(attribute), message)


CHECKS = (
    Check(
        "chain-unlinked",
        Severity.BUG,
        "A step of a chain does not read `oa:` and the variable, so what was made before it is lost",
        "`oa:` and the variable of the chain.",
        _unlinked,
    ),
    Check(
        "variable-unset",
        Severity.BUG,
        "A rule reads a variable that no chain sets",
        "The variable of the chain that the function is in.",
        _unset,
    ),
    Check(
        "format-no-field",
        Severity.BUG,
        "A template names a field that it has not",
        "Numbers of `fields`, from $1.",
        _no_field,
    ),
)
