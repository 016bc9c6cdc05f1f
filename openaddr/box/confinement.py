"""What one stage may do: said by the parent, carried out by the child before it touches a stranger's byte."""

from dataclasses import dataclass
from pathlib import Path

from openaddr.box import calls, files


@dataclass(frozen=True)
class Confinement:
    """The rights and limits of one child.

    It may write below `writable` and read below `readable`, besides the Python and the libraries that it consists of.
    `network` allows connections (the guard of the download decides to whom); `programs` may be run. It is ended
    after `seconds` or above `memory_bytes` resident, and no file of it gets larger than `file_bytes`.
    """

    writable: Path
    readable: tuple[Path, ...] = ()
    network: bool = False
    programs: tuple[Path, ...] = ()
    seconds: float = 3600.0
    memory_bytes: int = 10**9
    file_bytes: int = 10**11


@dataclass(frozen=True)
class Layer:
    """One layer of the box on this machine: `missing` says why it is not active, '' when it is."""

    name: str
    what: str
    missing: str = ""


def layers() -> tuple[Layer, ...]:
    """The layers of the box and whether this machine has them."""
    return (
        Layer("limits", "rlimits and a watch on memory and time"),
        Layer("files", f"Landlock {files.version() or ''}".rstrip(), files.missing()),
        Layer("calls", "seccomp", calls.missing()),
    )
