"""What the file says of its licence, as far as attribution texts and the page of licences need it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from openaddr.lint.findings import Found, Severity, quoted
from openaddr.lint.rules.check import Check
from openaddr.lint.subject import Subject
from openaddr.source.model import LayerSource

PUBLIC = re.compile(r"(?i)public domain|pd$|cc[ -]?0|unlicense|unknown")
"""Beginnings of terms that need no address, because they ask for nothing, or because nobody knows them."""
LONGEST_NAME = 60
"""Characters of what is the name of a licence; a longer text is the terms themselves."""


def _unnamed(subject: Subject) -> Iterator[Found]:
    for entry, pointer, _ in _licences(subject):
        if entry.license.attribution_required and not entry.license.attribution_name:
            yield Found(f"{pointer}/attribution", "The publisher has to be named, but nothing says how.")


def _without_address(subject: Subject) -> Iterator[Found]:
    for _, pointer, licence in _licences(subject):
        words, address = licence.get("text"), licence.get("url")
        if not isinstance(words, str) or not words.strip() or address or PUBLIC.match(words.strip()):
            continue
        if len(words) <= LONGEST_NAME:
            yield Found(f"{pointer}/text", f"The licence is {quoted(words)}, without the address of its terms.")


def _retired(subject: Subject) -> Iterator[Found]:
    for entry in subject.layer_sources:
        licence, name = subject.at(f"{entry.pointer}/license"), subject.at(f"{entry.pointer}/attribution")
        if isinstance(licence, str):
            message = f"The licence is the bare text {quoted(licence)}; nobody can tell what it asks for."
            yield Found(f"{entry.pointer}/license", message)
        if isinstance(name, str):
            message = f"`attribution` is {quoted(name)} at the source itself; its place is in `license`."
            yield Found(f"{entry.pointer}/attribution", message, at_name=True)


def _licences(subject: Subject) -> Iterator[tuple[LayerSource, str, Mapping[str, Any]]]:
    """Layer sources, with pointer and members of their licence where it is an object."""
    for entry in subject.layer_sources:
        pointer = f"{entry.pointer}/license"
        if isinstance(subject.at(pointer), dict):
            yield entry, pointer, subject.object_at(pointer)


CHECKS = (
    Check(
        "attribution-unnamed",
        Severity.WARNING,
        "The licence asks to name the publisher, but gives no name",
        "Add `attribution name`, as the publisher wants to be named.",
        _unnamed,
    ),
    Check(
        "licence-no-url",
        Severity.HINT,
        "The terms of the licence have no address (public domain needs none)",
        "Add `url`, where the terms can be read.",
        _without_address,
    ),
    Check(
        "licence-retired",
        Severity.HINT,
        "Licence or attribution in a form of the past",
        "An object `license` with `text`, `url`, `attribution`, `attribution name` and `share-alike`.",
        _retired,
    ),
)
