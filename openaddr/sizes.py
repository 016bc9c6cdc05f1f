"""How much one layer source may take, what machine that needs, and which class the last good run asks for.

A class is limits for the box and a machine for whoever starts one for each run. What a source took the last time says
which it is; one that outgrows its class is tried once more in the next.
"""

from dataclasses import dataclass

from openaddr.codes import Code

MB, GB = 10**6, 10**9
MINUTE, HOUR = 60.0, 3600.0
ROW_BYTES = 500
"""Disk that a row takes in all files that are made of it: 125 in the outputs, and what tippecanoe has beside them."""
UNPACKED = 10
"""How many bytes come out of one of a download: what is packed well has a tenth of its size."""
GROWTH = 3.0
"""A source may have grown so much since its last run without leaving its class; its memory hardly grows with it."""
MEMORY = 800 * MB
"""Of a stage, in every class: it takes up to 350 MB for any number of rows. With what it takes between two looks, and
what it shares with others, a run stays below 1 GB."""
BESIDE = 300 * MB
"""Memory of the flow run itself."""


@dataclass(frozen=True)
class SizeClass:
    """Limits of one run: bytes of the download and of what it unpacks to, seconds of the stages, bytes of memory.

    `cpus`, `machine_memory` and `machine_disk` (bytes) are what a machine of its own needs to have for it.
    """

    download_bytes: int
    download_seconds: float
    unpacked_bytes: int
    convert_seconds: float
    memory_bytes: int
    cpus: float
    machine_memory: int
    machine_disk: int


SIZE_CLASSES = {
    "small": SizeClass(500 * MB, 15 * MINUTE, 5 * GB, 15 * MINUTE, MEMORY, 1, 2 * GB, 20 * GB),
    "medium": SizeClass(5 * GB, 2 * HOUR, 25 * GB, 2 * HOUR, MEMORY, 1, 4 * GB, 60 * GB),
    # The largest sources known have 26 million rows and come from servers that take hours to hand them out.
    "large": SizeClass(50 * GB, 12 * HOUR, 100 * GB, 6 * HOUR, MEMORY, 2, 8 * GB, 190 * GB),
}
"""`small` is for strangers and what was small the last time, `medium` for what nobody knows, `large` for the rest."""
SMALL, UNKNOWN, LARGE = "small", "medium", "large"
LIMITS = frozenset({Code.TOO_LARGE, Code.TIME_LIMIT})
"""How a run ends that needs more than its class allows."""
ROOM = frozenset({Code.MEMORY_LIMIT, Code.DISK_FULL})
"""How a run ends for which its machine is too small."""


@dataclass(frozen=True)
class Taken:
    """What the last good run of a layer source took: bytes, rows, and seconds of all stages and of the download."""

    downloaded: int
    rows: int
    peak_memory: int
    seconds: float
    download_seconds: float


def class_for(taken: Taken | None) -> str:
    """The smallest class in which there is room for it and for what it may have grown; `UNKNOWN` without a last run."""
    if taken is None:
        return UNKNOWN
    return next((name for name, size in SIZE_CLASSES.items() if _fits(taken, size)), LARGE)


def larger(name: str) -> str | None:
    """The next class; None for the largest."""
    names = list(SIZE_CLASSES)
    return names[names.index(name) + 1] if name != names[-1] else None


def _fits(taken: Taken, size: SizeClass) -> bool:
    unpacked = UNPACKED * taken.downloaded
    return (
        taken.downloaded * GROWTH <= size.download_bytes
        and unpacked <= size.unpacked_bytes
        and taken.download_seconds * GROWTH <= size.download_seconds
        and (taken.seconds - taken.download_seconds) * GROWTH <= size.convert_seconds
        and taken.peak_memory + BESIDE <= size.machine_memory
        and GROWTH * (taken.downloaded + ROW_BYTES * taken.rows) + unpacked <= size.machine_disk
    )
