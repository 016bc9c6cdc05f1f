"""seccomp: system calls that no stage needs are refused, and network and programs where a stage has none.

The filter is a classic BPF program (kernel documentation, userspace-api/seccomp_filter). It refuses with EPERM rather
than kills, because libraries try things out and go on without. libseccomp would write it for us, but is a library of
the system that not every machine has. Numbers are those of the kernel's own tables, which never change.
"""

import ctypes
import errno
import platform
import sys
from socket import AF_INET, AF_INET6
from struct import pack

from openaddr.box.kernel import IS_LINUX, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, prctl

MODE_FILTER = 2
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32_BIT = 0x40000000
CLONE_THREAD = 0x10000

KERNEL = {
    # name: (x86_64, aarch64); None where an architecture does not have it
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442), "setns": (308, 268),
    "unshare": (272, 97), "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89), "quotactl": (179, 60),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266),
    "sethostname": (170, 161), "setdomainname": (171, 162), "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "personality": (135, 92), "syslog": (103, 116), "iopl": (172, None),
    "ioperm": (173, None), "modify_ldt": (154, None), "fanotify_init": (300, 262), "memfd_secret": (447, 447),
    "setpriority": (141, 140), "sched_setscheduler": (144, 119), "mknod": (133, None), "mknodat": (259, 33),
    # Landlock knows nothing of modes, owners, times and labels of files outside.
    "chmod": (90, None), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, None), "lchown": (94, None),
    "fchownat": (260, 54), "utime": (132, None), "utimes": (235, None), "futimesat": (261, None),
    "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6), "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "listen": (50, 201), "accept": (43, 202), "accept4": (288, 242), "bind": (49, 200),
}  # fmt: skip
"""Doors into the kernel and other processes, and everything a server would need."""
PROGRAMS = {"execve": (59, 221), "execveat": (322, 281), "fork": (57, None), "vfork": (58, None)}
SETSID = {"setsid": (112, 157), "setpgid": (109, 154)}
"""A child stays in its process group, which is killed as a whole."""
CLONE, CLONE3 = (56, 220), (435, 435)
SOCKET, SOCKETPAIR = (41, 198), (53, 199)

LOAD, EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
NUMBER_AT, ARCHITECTURE_AT, FIRST_ARGUMENT_AT = 0, 4, 16

Pair = tuple[int | None, int | None]


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def missing() -> str:
    """Why this layer is not to be had, '' when it is."""
    if not IS_LINUX:
        return f"seccomp is a part of Linux; this is {sys.platform}"
    if platform.machine() not in ARCHITECTURES:
        return f"the filter is written for {' and '.join(ARCHITECTURES)}, this is {platform.machine()}"
    return ""


def confine(*, network: bool, programs: bool) -> None:
    """Refuse calls from now on, in this process and its children. Raises OSError."""
    instructions = program(network=network, programs=programs)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(_Filter(len(instructions) // 8, instructions)))


def program(*, network: bool, programs: bool) -> bytes:
    """The filter as instructions of 8 bytes."""
    column = list(ARCHITECTURES).index(platform.machine())
    refused = KERNEL | SETSID | ({} if programs else PROGRAMS)
    lines = [
        _step(LOAD, ARCHITECTURE_AT),
        _step(EQUAL, ARCHITECTURES[platform.machine()], 1, 0),
        _step(RETURN, KILL),
        _step(LOAD, NUMBER_AT),
        # Numbers of the x32 interface are other names for calls that are refused below.
        _step(ANY_BIT, X32_BIT, 0, 1),
        _step(RETURN, REFUSE | errno.EPERM),
    ]
    for pair in refused.values():
        lines += _refuse(pair[column], errno.EPERM)
    # Its arguments lie in memory, out of sight of a filter; without it, glibc takes `clone`.
    lines += _refuse(CLONE3[column], errno.ENOSYS)
    if not programs:
        lines += _only_threads(CLONE[column])
    lines += _only_families(SOCKET[column], (AF_INET, AF_INET6) if network else ())
    lines += _refuse(SOCKETPAIR[column], errno.EPERM)
    return b"".join([*lines, _step(RETURN, ALLOW)])


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return pack("=HBBI", code, if_true, if_false, value)


def _refuse(number: int | None, error: int) -> list[bytes]:
    return [] if number is None else [_step(EQUAL, number, 0, 1), _step(RETURN, REFUSE | error)]


def _only_threads(number: int) -> list[bytes]:
    """`clone` makes threads and no processes."""
    return [
        _step(EQUAL, number, 0, 4),
        _step(LOAD, FIRST_ARGUMENT_AT),
        _step(ANY_BIT, CLONE_THREAD, 1, 0),
        _step(RETURN, REFUSE | errno.EPERM),
        _step(LOAD, NUMBER_AT),
    ]


def _only_families(number: int, families: tuple[int, ...]) -> list[bytes]:
    """`socket` of these address families."""
    allowed = [step for family in families for step in (_step(EQUAL, family, 0, 1), _step(RETURN, ALLOW))]
    inner = [_step(LOAD, FIRST_ARGUMENT_AT), *allowed, _step(RETURN, REFUSE | errno.EACCES)]
    return [_step(EQUAL, number, 0, len(inner)), *inner]
