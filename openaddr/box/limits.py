"""Limits that the kernel holds a child to, whatever code runs in it."""

import resource
from contextlib import suppress
from pathlib import Path

from openaddr.box.confinement import Confinement

DATA_FACTOR = 4
"""Memory that allocators reserve and never touch counts too; the supervisor watches what is really used."""
OPEN_FILES = 1024
PROCESSORS = 4


def apply(confinement: Confinement) -> None:
    """Bind this process and its children."""
    seconds = int(confinement.seconds * PROCESSORS) + 60
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_DATA, DATA_FACTOR * confinement.memory_bytes)
    _limit(resource.RLIMIT_FSIZE, confinement.file_bytes)
    _limit(resource.RLIMIT_CPU, seconds)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    with suppress(OSError):
        # When the machine itself runs out of memory, the kernel should choose us before anybody else.
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _limit(kind: int, wanted: int) -> None:
    """Never above what already binds us."""
    _, most = resource.getrlimit(kind)
    allowed = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(kind, (allowed, allowed))
