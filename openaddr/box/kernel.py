"""Calls to the Linux kernel that Python has no function for."""

import ctypes
import os
import platform
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
IS_LINUX = sys.platform == "linux"

PR_SET_PDEATHSIG = 1
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
CAPSET = {"x86_64": 126, "aarch64": 91}
CAPABILITIES_V3 = 0x20080522
DAC_OVERRIDE = 1 << 1


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilitySets(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def prctl(option: int, argument: object = 0, third: object = 0) -> None:
    """`prctl(2)` with up to two arguments. Raises OSError."""
    values = [ctypes.c_ulong(value) if isinstance(value, int) else value for value in (argument, third)]
    _succeeded(LIBC.prctl(ctypes.c_int(option), *values, ctypes.c_ulong(0), ctypes.c_ulong(0)))


def syscall(number: int, *arguments: object) -> int:
    """`syscall(2)`; whole numbers go as longs. Raises OSError."""
    values = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    LIBC.syscall.restype = ctypes.c_long
    return _succeeded(LIBC.syscall(ctypes.c_long(number), *values))


def drop_privileges() -> None:
    """Give up what only root may do, for good, but for reading and writing files: those are Landlock's to decide.

    Folders of other users lie on the way to many an output folder that root is told to write to.
    """
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    if os.geteuid():
        return
    sets = (_CapabilitySets * 2)(_CapabilitySets(DAC_OVERRIDE, DAC_OVERRIDE, 0), _CapabilitySets(0, 0, 0))
    header = _CapabilityHeader(CAPABILITIES_V3, 0)
    syscall(CAPSET[platform.machine()], ctypes.byref(header), ctypes.byref(sets))


def _succeeded(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
