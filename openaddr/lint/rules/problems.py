"""What a run would refuse, by the same code that would refuse it, under the codes of `docs/problems.md`."""

from collections.abc import Callable, Iterator

from openaddr.conform.geometry import check_crs
from openaddr.conform.plan import check_rules
from openaddr.conform.readers.text import codec_of
from openaddr.download.address import parse_address
from openaddr.errors import Code, Problem, ProblemError
from openaddr.lint.subject import Subject
from openaddr.source.model import BrokenEntry, LayerSource

FOUND = (
    Code.SOURCE_NOT_FOUND,
    Code.SOURCE_JSON_INVALID,
    Code.SOURCE_TOO_LARGE,
    Code.SOURCE_SCHEMA,
    Code.LAYER_UNKNOWN,
    Code.NAME_REPEATED,
    Code.COVERAGE_MISSING,
    Code.PROTOCOL_UNKNOWN,
    Code.COMPRESSION_UNKNOWN,
    Code.CONFORM_MISSING,
    Code.FORMAT_UNKNOWN,
    Code.FUNCTION_INVALID,
    Code.REGEX_INVALID,
    Code.COORDINATES_NOT_MAPPED,
    Code.CRS_UNKNOWN,
    Code.ENCODING_UNKNOWN,
    Code.URL_INVALID,
)
"""Problems that may be found, in the order of the documentation. Where the schema knows a better word, it has it."""
WARNINGS = (Code.NAME_REPEATED, Code.COVERAGE_MISSING)
"""Problems that a run only warns of."""


def problems(subject: Subject) -> Iterator[Problem]:
    """Every problem that shows without the data, each with its pointer."""
    seen: set[tuple[Code, str | None]] = set()
    for problem in _all(subject):
        # What the whole file lacks, each of its entries says.
        if (problem.code, problem.pointer) not in seen:
            seen.add((problem.code, problem.pointer))
            yield problem


def _all(subject: Subject) -> Iterator[Problem]:
    for entry in subject.source.entries if subject.source else ():
        if isinstance(entry, BrokenEntry):
            yield entry.problem
            continue
        yield from entry.warnings
        yield from _of_entry(entry)


def _of_entry(entry: LayerSource) -> Iterator[Problem]:
    yield from _raised(f"{entry.pointer}/data", lambda: _check_address(entry))
    conform = entry.conform
    if conform is None:
        yield Problem(Code.CONFORM_MISSING, "The source has no `conform`.", pointer=entry.pointer)
        return
    place = f"{entry.pointer}/conform"
    yield from _raised(place, lambda: check_rules(entry))
    if entry.protocol == "ESRI":
        return
    if conform.srs and conform.format != "geojson":
        yield from _raised(f"{place}/srs", lambda: check_crs(str(conform.srs), f"{place}/srs"))
    if conform.encoding:
        yield from _raised(f"{place}/encoding", lambda: codec_of(str(conform.encoding)))
    if conform.format == "csv" and (conform.lon is None or conform.lat is None):
        yield Problem(Code.COORDINATES_NOT_MAPPED, "A csv file needs `lon` and `lat`.", pointer=place)


def _check_address(entry: LayerSource) -> None:
    """Raise ProblemError for an address that the download would not take; files of this machine are another matter."""
    data = entry.data.strip()
    if entry.protocol != "file" and data[:5].lower() != "file:":
        parse_address(data)


def _raised(pointer: str, check: Callable[[], object]) -> Iterator[Problem]:
    try:
        check()
    except ProblemError as error:
        yield error.problem.at(pointer)
