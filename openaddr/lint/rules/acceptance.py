"""A source's own tests, as far as they can be judged without running them."""

from collections.abc import Iterator

from openaddr.lint.findings import Found, Severity, quoted
from openaddr.lint.rules.check import Check
from openaddr.lint.subject import Subject
from openaddr.source.positions import escape
from openaddr.stages import ATTRIBUTES


def _no_attribute(subject: Subject) -> Iterator[Found]:
    for entry in subject.entries:
        known = ATTRIBUTES[entry.parsed.layer]
        for test in entry.parsed.tests:
            for name in test.expected:
                if name not in known:
                    message = f"The test expects {quoted(name)}, which no output of {entry.parsed.layer} has."
                    pointer = f"{test.pointer}/expected/{escape(name)}"
                    yield Found(pointer, message, f"Use one of {', '.join(known)}.", at_name=True)


CHECKS = (
    Check(
        "test-no-attribute",
        Severity.BUG,
        "An acceptance test expects an attribute that no output has, so it always fails",
        "One of the attributes of the layer.",
        _no_attribute,
    ),
)
