"""How the data is read: keys without effect for its format, and entries that never run."""

from collections.abc import Iterator

from openaddr.lint.findings import Fix, Found, Severity, quoted
from openaddr.lint.rules.check import Check
from openaddr.lint.subject import Subject

OF_CSV: tuple[str, ...] = ("csvsplit", "headers", "skiplines", "lon", "lat")
OF_FILES: tuple[str, ...] = ("file", "layer", "srs", "encoding", "csvsplit", "headers", "skiplines")
IGNORED: dict[str, tuple[str, ...]] = {"csv": ("layer",), "geojson": ("srs", "layer", *OF_CSV)}
"""Keys of a conform that mean nothing to a format; other formats than these ignore what is only of CSV."""


def _ignored(subject: Subject) -> Iterator[Found]:
    for entry in subject.entries:
        if entry.parsed.protocol == "ESRI":
            what, keys = "an ESRI service", OF_FILES
        else:
            what, keys = f"the format {entry.conform.format}", IGNORED.get(entry.conform.format, OF_CSV)
        for key in keys:
            if entry.conform_member.get(key) is not None:
                yield _without_effect(f"{entry.conform_pointer}/{key}", key, f"for {what}")
        if entry.parsed.protocol == "ESRI" and entry.member.get("compression"):
            yield _without_effect(f"{entry.pointer}/compression", "compression", "for an ESRI service")


def _without_effect(pointer: str, key: str, where: str) -> Found:
    return Found(pointer, f"`{key}` has no effect {where}.", at_name=True)


def _esri_format(subject: Subject) -> Iterator[Found]:
    for entry in subject.entries:
        if entry.parsed.protocol == "ESRI" and entry.conform.format != "geojson":
            message = f"`format` is {quoted(entry.conform.format)}, but an ESRI service is always read as geojson."
            yield Found(f"{entry.conform_pointer}/format", message, fix=Fix("geojson"))


def _skipped(subject: Subject) -> Iterator[Found]:
    for pointer in sorted(subject.skipped):
        if not subject.at(f"{pointer}/note"):
            yield Found(f"{pointer}/skip", "The source is skipped, and nothing says why.", at_name=True)


CHECKS = (
    Check("key-ignored", Severity.HINT, "A key that has no effect on this kind of data", "Take it out.", _ignored),
    Check(
        "esri-format",
        Severity.WARNING,
        "The `format` of an ESRI source is not geojson",
        'Write "geojson".',
        _esri_format,
        mends=True,
    ),
    Check(
        "skip-unexplained",
        Severity.HINT,
        "A source is skipped without a word on why",
        "Say in `note` what is wrong and who could repair it.",
        _skipped,
    ),
)
