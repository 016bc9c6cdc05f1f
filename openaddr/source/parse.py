"""The door: the bytes of a source file in, a frozen `Source` out."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from openaddr.errors import Code, Problem, ProblemError
from openaddr.source.entries import json_kind, parse_entries
from openaddr.source.model import AcceptanceTest, BrokenEntry, Conform, LayerSource, License, Source

__all__ = ["AcceptanceTest", "BrokenEntry", "Conform", "LayerSource", "License", "Source"]

MAX_BYTES = 2_000_000
MAX_DEPTH = 64
ESCAPE = re.compile(r"(?i)\\u(?:d[89ab]..\\ud[c-f]..|(?P<half>d[89a-f]..)|....)|\\.")
COVERAGE_KINDS = ("US Census", "ISO 3166", "geometry")


def read_source(path: Path) -> Source:
    """Read and parse a source file. Raises ProblemError; a broken entry does not break the others."""
    return parse_source(source_id(path), read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """The content of a source file, of one that is too large only enough to be refused. Raises ProblemError."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ProblemError(Code.SOURCE_NOT_FOUND, f"{path} does not exist.") from None
    except OSError as error:
        raise ProblemError(Code.SOURCE_NOT_FOUND, f"{path} cannot be read: {error.strerror}.") from None
    if not _is_text(source_id(path)):
        raise ProblemError(Code.SOURCE_NOT_FOUND, f"{path} cannot be used: its name is not UTF-8.")
    return raw


def _is_text(name: str) -> bool:
    """Whether a name has an encoding: Linux gives the bytes of other names as lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def source_id(path: Path) -> str:
    """The path below the folder `sources`, without ending; only the name when there is no such folder."""
    parts = path.absolute().with_suffix("").parts
    if "sources" in parts[:-1]:
        start = len(parts) - 1 - parts[::-1].index("sources")
        return "/".join(parts[start + 1 :])
    return parts[-1]


def parse_source(identity: str, raw: bytes) -> Source:
    """Parse the bytes of a source file. Raises ProblemError when nothing of it can be used."""
    return typed_source(identity, *decode(raw))


def typed_source(identity: str, text: str, value: dict[str, Any]) -> Source:
    """The source that a parsed text describes. Raises ProblemError when nothing of it can be used."""
    coverage = value.get("coverage")
    source = Source(identity, text, coverage if isinstance(coverage, dict) else {}, tuple(parse_entries(value)))
    if isinstance(coverage, dict) and any(kind in coverage for kind in COVERAGE_KINDS):
        return source
    return _with_warning(source, _coverage_missing(coverage))


def _coverage_missing(coverage: object) -> Problem:
    kinds = ", ".join(COVERAGE_KINDS)
    if coverage is None:
        return Problem(Code.COVERAGE_MISSING, f"There is no `coverage`; expected one with {kinds}.", pointer="")
    return Problem(Code.COVERAGE_MISSING, f"`coverage` has none of {kinds}.", pointer="/coverage")


def _with_warning(source: Source, warning: Problem) -> Source:
    located = source.located(warning)
    entries = (
        replace(entry, warnings=(*entry.warnings, located)) if isinstance(entry, LayerSource) else entry
        for entry in source.entries
    )
    return replace(source, entries=tuple(entries))


def decode(raw: bytes) -> tuple[str, dict[str, Any]]:
    """Text and parsed object, within the limits of size and depth. Raises ProblemError."""
    if len(raw) > MAX_BYTES:
        message = f"The source file has more than the {MAX_BYTES:,} bytes that are allowed."
        raise ProblemError(Code.SOURCE_TOO_LARGE, message, pointer="")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        bad = raw[error.start : error.start + 1].hex()
        line = raw.count(b"\n", 0, error.start) + 1
        raise _invalid(f"The source file is not UTF-8: byte 0x{bad} at offset {error.start}.", line) from None
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise ProblemError(Code.SOURCE_TOO_LARGE, "The source file is nested too deeply.", pointer="") from None
    except json.JSONDecodeError as error:
        raise _invalid(
            f"The source file is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}.",
            error.lineno,
        ) from None
    except ValueError as error:
        raise _invalid(f"The source file is not valid JSON: {error}.", 1) from None
    if _depth(value) > MAX_DEPTH:
        raise ProblemError(
            Code.SOURCE_TOO_LARGE, f"The source file is nested deeper than {MAX_DEPTH} levels.", pointer=""
        )
    _refuse_half_characters(text)
    if not isinstance(value, dict):
        raise _schema(f"A source file is a JSON object, not {json_kind(value)}.", "")
    return text, value


def _refuse_half_characters(text: str) -> None:
    """Raise ProblemError where an escape such as `\\ud800` stands alone: JSON allows it, but no file can hold it."""
    found = next((escape for escape in ESCAPE.finditer(text) if escape["half"]), None)
    if found is not None:
        line = text.count("\n", 0, found.start()) + 1
        raise _invalid(
            f"The source file has half a character, {found[0]}, at line {line}; its other half is missing.", line
        )


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


def _invalid(message: str, line: int) -> ProblemError:
    error = ProblemError(Code.SOURCE_JSON_INVALID, message, pointer="")
    error.problem = error.problem.on_line(line)
    return error


def _schema(message: str, pointer: str) -> ProblemError:
    return ProblemError(Code.SOURCE_SCHEMA, message, pointer=pointer)


def _depth(value: object) -> int:
    """Levels of nesting, without recursion, stopping once past the limit."""
    level, depth = [value], 0
    while level and depth <= MAX_DEPTH:
        depth += 1
        below: list[object] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        level = below
    return depth
