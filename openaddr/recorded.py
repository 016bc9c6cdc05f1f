"""The door for JSON of the record: `runs.record` and `runs.problem` as values that pages and answers can print.

Code that wrote them may be older or wrong: a member of another type than expected is left out, and named as a fault.
"""

from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from openaddr.errors import EXPLANATIONS, ROW_REASONS, Code, ExitCode, Explanation
from openaddr.words import shown

T = TypeVar("T")
MOST = 40
"""Entries of one list or table that are shown."""
WHOSE = {
    ExitCode.SOURCE: "the source file",
    ExitCode.SERVER: "the publisher's server",
    ExitCode.HELD: "nobody yet: the run waits for a decision",
    ExitCode.CONFIGURATION: "the set-up of this machine",
    ExitCode.OURS: "Machine itself",
    ExitCode.USAGE: "whoever gave the command",
    ExitCode.INTERRUPTED: "whoever stopped it",
}
OFTEN_TRUE = {Code.ONE_PLACE, Code.ONE_VALUE, Code.WORD_DOUBLED, Code.PLACEHOLDER}
"""A tower with a hundred flats, a village of one street, `Baden Baden`: worth a look, and most often all right."""
_BY_CODE: dict[str, Explanation] = {code.value: found for code, found in EXPLANATIONS.items()}
_BY_REASON: dict[str, str] = {reason.value: words for reason, words in ROW_REASONS.items()}


@dataclass(frozen=True)
class Told:
    """A problem as the record has it."""

    code: str
    message: str = ""
    hint: str | None = ""
    pointer: str | None = None
    line: int | None = None

    @property
    def explanation(self) -> Explanation | None:
        """What stands behind the code, None when we do not know it."""
        return explained(self.code)

    @property
    def title(self) -> str:
        """What happened, in words."""
        return self.explanation.title if self.explanation else shown(self.code, 60)

    @property
    def advice(self) -> str:
        """What to do."""
        return self.hint or (self.explanation.hint if self.explanation else "")

    @property
    def severity(self) -> str:
        """Of a warning, in the words of the lint: `hint` where it is often true of a place, and no mistake."""
        return "hint" if self.code in OFTEN_TRUE else "warning"

    @property
    def whose(self) -> str:
        """Who has to move, '' when nobody knows."""
        return WHOSE[self.explanation.exit_code] if self.explanation else ""


@dataclass(frozen=True)
class Example:
    """One row that was left out."""

    reason: str
    row: int
    value: str

    @property
    def words(self) -> str:
        """Why."""
        return reason_words(self.reason)


@dataclass(frozen=True)
class Rejected:
    """Rows that were left out."""

    count: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)


@dataclass(frozen=True)
class Misplaced:
    """Rows that are where they hardly can be; `outside` is None where nobody knows what the source covers."""

    outside: int | None = None
    swapped: int = 0
    null_island: int = 0


@dataclass(frozen=True)
class Values:
    """How many values an attribute has in the rows looked at, and the most frequent ones with their counts."""

    distinct: int
    top: list[tuple[str, int]]


@dataclass(frozen=True)
class Profile:
    """What the attributes say, in so many rows."""

    rows: int
    attributes: dict[str, Values]


@dataclass(frozen=True)
class Recorded:
    """What is shown of one `run.json`. None is what the record does not say; `faults` name what cannot be read."""

    received: int | None
    rows: int | None
    rejected: Rejected
    fills: dict[str, int]
    bounds: tuple[float, float, float, float] | None
    misplaced: Misplaced
    profile: Profile
    warnings: list[Told]
    fingerprint: str | None
    tests_passed: bool | None
    unchanged: bool
    seconds: dict[str, float]
    downloaded: int | None
    peak_memory: int | None
    cpu_seconds: float | None
    outputs: dict[str, str]
    faults: tuple[str, ...]


class _Members:
    """Takes members out of an object, each as a type, and notes those that are of another one."""

    def __init__(self, value: object) -> None:
        self.faults: list[str] = []
        self._value: dict[str, Any] = value if isinstance(value, dict) else {}
        if value is not None and not isinstance(value, dict):
            self.faults.append(f"the record is {type(value).__name__}, not an object")

    def take(self, name: str, kind: type[T], default: T) -> T:
        """A member; the default when it is not there, null or of another type."""
        found = self._value.get(name)
        if found is None:
            return default
        try:
            return msgspec.convert(found, kind)
        except (msgspec.ValidationError, OverflowError, UnicodeEncodeError) as error:
            self.faults.append(f"{name}: {shown(error, 120)}")
            return default


def read_record(value: object) -> Recorded:
    """A record of whatever type."""
    members = _Members(value)
    take = members.take
    return Recorded(
        take("received", int | None, None),  # type: ignore[arg-type]
        take("rows", int | None, None),  # type: ignore[arg-type]
        take("rejected", Rejected, Rejected()),
        take("fills", dict[str, int], {}),
        take("bounds", tuple[float, float, float, float] | None, None),  # type: ignore[arg-type]
        take("misplaced", Misplaced, Misplaced()),
        take("profile", Profile, Profile(0, {})),
        take("warnings", list[Told], []),
        take("fingerprint", str | None, None),  # type: ignore[arg-type]
        take("tests_passed", bool | None, None),  # type: ignore[arg-type]
        take("unchanged", bool, False),
        take("seconds", dict[str, float], {}),
        take("downloaded", int | None, None),  # type: ignore[arg-type]
        take("peak_memory", int | None, None),  # type: ignore[arg-type]
        take("cpu_seconds", float | None, None),  # type: ignore[arg-type]
        take("outputs", dict[str, str], {}),
        tuple(members.faults),
    )


def read_problem(value: object) -> Told | None:
    """A problem of whatever type, None without one. One that cannot be read says so."""
    if value is None:
        return None
    try:
        return msgspec.convert(value, Told)
    except (msgspec.ValidationError, OverflowError, UnicodeEncodeError) as error:
        return Told("UNREADABLE", f"The problem of this run cannot be read: {shown(error, 200)}.")


def explained(code: object) -> Explanation | None:
    """What stands behind a code, None for one that we do not know."""
    return _BY_CODE.get(code) if isinstance(code, str) else None


def reason_words(reason: str) -> str:
    """Why a row was left out, in words."""
    return _BY_REASON.get(reason) or shown(reason, 60)
