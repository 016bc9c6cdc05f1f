"""What a child tells its parent: one JSON object a line, checked when it comes in.

The parent trusts its child with nothing: lines have a greatest length, values are of the types that were asked for,
and a path names a regular file in the folders of the call. `json` carries lone surrogates, which names of files may
have and UTF-8 does not.
"""

import json
import stat
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec

MAX_LINE = 16_000_000


class Log(msgspec.Struct, frozen=True, tag=True):
    """A line for the log of the run."""

    level: int
    text: str


class Progress(msgspec.Struct, frozen=True, tag=True):
    """How far the stage is (`stages.Progress`)."""

    stage: str
    done: int
    total: int | None
    unit: str


class Result(msgspec.Struct, frozen=True, tag=True):
    """What the function of the stage gave, as JSON."""

    value: Any


class Refusal(msgspec.Struct, frozen=True, tag=True):
    """A problem that the stage raised."""

    code: str
    message: str
    hint: str
    pointer: str | None


class Surprise(msgspec.Struct, frozen=True, tag=True):
    """An exception that nobody expected: its name and words in one line, and the traceback."""

    words: str
    trace: str
    errno: int | None = None
    out_of_memory: bool = False


Message = Log | Progress | Result | Refusal | Surprise


class BadMessageError(Exception):
    """A child said something that it may not say."""


@dataclass
class Lines:
    """Puts lines together from blocks."""

    _begun: list[bytes] = field(default_factory=list)
    _size: int = 0

    def feed(self, block: bytes) -> list[bytes]:
        """The lines that a block completes. Raises BadMessageError when one gets too long."""
        *ends, rest = block.split(b"\n")
        self._size += len(ends[0] if ends else rest)
        if self._size > MAX_LINE:
            raise BadMessageError(f"a line has more than {MAX_LINE:,} bytes")
        if not ends:
            self._begun.append(rest)
            return []
        first = b"".join([*self._begun, ends[0]])
        self._begun, self._size = [rest], len(rest)
        return [first, *ends[1:]]


def encode(message: Message) -> bytes:
    """A message as a line."""
    return json.dumps(msgspec.to_builtins(message, enc_hook=_plain)).encode() + b"\n"


def decode(line: bytes) -> Message:
    """The message of a line. Raises BadMessageError."""
    try:
        found: Message = msgspec.convert(json.loads(line), Message)
    except (ValueError, RecursionError) as error:
        raise BadMessageError(f"a line of {len(line):,} bytes is no message: {error}") from None
    return found


def value_of(result: Result, kind: Any, folders: tuple[Path, ...]) -> Any:
    """The value of a result as a `kind`, its paths inside `folders`. Raises BadMessageError."""
    try:
        return msgspec.convert(result.value, kind, dec_hook=_typed(folders))
    except (ValueError, OSError) as error:
        raise BadMessageError(f"the result is no {kind}: {error}") from None


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value)} does not go through the wall of the box")


def _typed(folders: tuple[Path, ...]) -> Callable[[Any, Any], Any]:
    def typed(kind: Any, value: Any) -> Any:
        if kind is Path:
            return _inside(Path(value), folders)
        if get_origin(kind) is Counter:
            (key,) = get_args(kind)
            return Counter(msgspec.convert(value, dict[key, int]))  # type: ignore[valid-type]
        raise ValueError(f"{kind} does not go through the wall of the box")

    return typed


def _inside(path: Path, folders: tuple[Path, ...]) -> Path:
    """A path of a child, once it is known to lead to a file of its own and nowhere else."""
    if not any(path.is_relative_to(folder) for folder in folders):
        raise ValueError(f"{path} is outside")
    if path.resolve(strict=True) != path or not stat.S_ISREG(path.lstat().st_mode):
        raise ValueError(f"{path} is no plain file")
    return path
