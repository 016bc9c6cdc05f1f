"""Landlock: a child reads its inputs and what it consists of, and writes its folder; nothing else of the disk exists.

Rules and bits are those of the kernel's documentation (userspace-api/landlock). Rights that a kernel is too old for are
left out of its ruleset. The `landlock` package on PyPI is an alpha release without the newer scopes, so these few calls
are made here.
"""

import ctypes
import os
import stat
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from openaddr.box.kernel import IS_LINUX, PR_SET_NO_NEW_PRIVS, prctl, syscall

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION_FLAG = 1
PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = (1 << bit for bit in range(4))
TRUNCATE = 1 << 14
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE
READ = READ_FILE | READ_DIR
MAKE_DEVICES_AND_DOORS = 1 << 6 | 1 << 9 | 1 << 10 | 1 << 11
"""Character devices, sockets, pipes, block devices: nobody makes any."""
RIGHTS_OF_VERSION = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
TCP = 0b11
SCOPES = 0b11
"""From version 6 on: no abstract sockets and no signals to processes outside."""

SYSTEM = (
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share", "/etc/ld.so.cache", "/etc/localtime",
    "/dev/urandom", "/dev/random", "/dev/zero", "/proc/meminfo", "/proc/cpuinfo", "/sys/devices/system/cpu",
    # Its own: glibc looks for the stack there, and without it a source takes 40 % more page faults.
    "/proc/self/maps",
)  # fmt: skip
LOADERS = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")
NAMES_AND_CERTIFICATES = (
    "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/host.conf", "/etc/services",
    "/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/etc/crypto-policies",
)  # fmt: skip


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


@cache
def version() -> int:
    """The version of Landlock that the kernel speaks, 0 for none."""
    if not IS_LINUX:
        return 0
    try:
        return syscall(CREATE_RULESET, None, 0, VERSION_FLAG)
    except OSError:
        return 0


def missing() -> str:
    """Why this layer is not to be had, '' when it is."""
    if not IS_LINUX:
        return f"Landlock is a part of Linux; this is {sys.platform}"
    return (
        "" if version() else "the kernel has no Landlock (Linux 5.13 or newer, `landlock` among its security modules)"
    )


def confine(writable: Path, readable: Iterable[Path], *, network: bool, programs: Iterable[Path]) -> None:
    """Leave this process, and its children, with these folders and programs only, for good. Raises OSError."""
    handled = (1 << RIGHTS_OF_VERSION.get(version(), 16)) - 1
    size = 8 if version() < 4 else 16 if version() < 6 else 24
    attributes = _Ruleset(handled, 0 if network else TCP, SCOPES)
    ruleset = syscall(CREATE_RULESET, ctypes.byref(attributes), size, 0)
    for path in (*map(Path, (*SYSTEM, *(NAMES_AND_CERTIFICATES if network else ()))), *_ourselves()):
        _allow(ruleset, path, READ & handled)
    for path in programs:
        # The loader of programs is a program too.
        for place in (path, *map(Path, LOADERS)):
            _allow(ruleset, place, (READ | EXECUTE) & handled)
    for path in readable:
        _allow(ruleset, path, READ & handled)
    _allow(ruleset, Path("/dev/null"), (READ_FILE | WRITE_FILE) & handled)
    _allow(ruleset, writable, handled & ~MAKE_DEVICES_AND_DOORS & ~EXECUTE)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    syscall(RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _ourselves() -> Iterator[Path]:
    """Python, its packages, and our own one."""
    yield Path(sys.base_prefix) / "lib"
    yield Path(sys.prefix)
    yield from (Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    yield from (Path(path) for path in sys.path if path.endswith(("site-packages", "dist-packages")))
    yield Path(__file__).parents[1]
    yield from (Path(os.environ[name]) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if name in os.environ)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    """Allow what is below a path; one that does not exist allows nothing."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= OF_FILES
        syscall(ADD_RULE, ruleset, PATH_BENEATH, ctypes.byref(_PathBeneath(rights, descriptor)), 0)
    finally:
        os.close(descriptor)
