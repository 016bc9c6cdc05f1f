"""The text of the file, before anybody asks what it means."""

from collections.abc import Iterator

from openaddr.lint.findings import Found, Severity, quoted
from openaddr.lint.rules.check import Check
from openaddr.lint.subject import Subject
from openaddr.source.positions import layout, unescape


def _repeated(subject: Subject) -> Iterator[Found]:
    known = layout(subject.text)
    for pointer, span in known.repeated:
        name = unescape(pointer.rpartition("/")[2])
        line = known.position(span.start).line
        message = f"The object has the key {quoted(name)} more than once; only what is last, on line {line}, counts."
        yield Found(pointer, message, at_name=True)


def _of_schema_1(subject: Subject) -> Iterator[Found]:
    if "layers" not in subject.value and subject.value.get("schema") in (None, 1):
        yield Found("", "The file is of schema 1: it has no `layers`, and is read as one source of addresses.")


CHECKS = (
    Check(
        "key-repeated",
        Severity.BUG,
        "An object has the same key twice, and only the last one counts",
        "Take out the one that is wrong.",
        _repeated,
    ),
    Check(
        "schema-1",
        Severity.HINT,
        "The file is of the retired schema 1",
        'Write `"schema": 2`, and all but `coverage` as an entry of `layers.addresses` with a `name`.',
        _of_schema_1,
    ),
)
