"""Keeps one program running, and leaves no process of it behind: `python -m deployments.embedded.keeper`.

A program that ends without having been asked is started again, after a pause that doubles, until it has ended TRIES
times without having run for STEADY seconds. SIGTERM asks it to end: by the signal it understands, after some seconds
by force. Whatever it has started is killed with it, children in sessions of their own too (Prefect's flow runs are):
the keeper is the parent of all orphans below it. When the keeper's own parent dies, the kernel sends it SIGTERM.
"""

import argparse
import os
import pwd
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType

from openaddr.box.kernel import IS_LINUX, PR_SET_PDEATHSIG, prctl

PR_SET_CHILD_SUBREAPER = 36
TRIES = 4
STEADY = 30.0
PAUSE = 0.25


class Keeper:
    """One program: `end_signal` asks it to end, `patience` is how many seconds it has for that."""

    def __init__(self, command: list[str], end_signal: int, patience: int, user: str | None) -> None:
        self.command, self.end_signal, self.patience, self.user = command, end_signal, patience, user
        self.pid = 0
        self.asked_to_end = False
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGALRM, self._force)

    def run(self) -> int:
        """Keep it until it is asked to end or does not stay up; gives the program's last exit code."""
        failures = 0
        while True:
            started = time.monotonic()
            code = self._once()
            kill_descendants()
            failures = 1 if time.monotonic() - started > STEADY else failures + 1
            if self.asked_to_end or failures == TRIES:
                return code
            print(f"keeper: ended with {code}, starting it again", file=sys.stderr, flush=True)
            time.sleep(PAUSE * 2**failures)

    def _once(self) -> int:
        if self.asked_to_end:
            return 0
        child = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=become(self.user)
        )
        self.pid = child.pid
        if self.asked_to_end:
            # It was asked between the two lines above, when there was nobody to tell.
            self._tell()
        while True:
            pid, status = os.waitpid(-1, 0)
            if pid == child.pid:
                self.pid = 0
                child.returncode = os.waitstatus_to_exitcode(status)
                return child.returncode

    def _end(self, number: int, frame: FrameType | None) -> None:
        # Once: to be asked a second time means to end by force, for Prefect's worker and for others.
        if not self.asked_to_end:
            self.asked_to_end = True
            self._tell()

    def _tell(self) -> None:
        if self.pid:
            os.kill(self.pid, self.end_signal)
            signal.alarm(self.patience)

    def _force(self, number: int, frame: FrameType | None) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)


def become(user: str | None) -> Callable[[], None] | None:
    """What a child does to be another user, for `subprocess`; None when it stays who we are."""
    if user is None:
        return None
    entry = pwd.getpwnam(user)

    def change() -> None:
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)

    return change


def kill_descendants() -> None:
    """Kill everything below this process, and what that leaves behind, until nothing is left."""
    while found := list(descendants(os.getpid())):
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(-1, 0)


def descendants(ancestor: int) -> Iterator[int]:
    """Ids of the processes below a process, zombies among them; none where there is no `/proc`."""
    children = defaultdict(list)
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name stands in brackets and may hold anything; state and parent follow it.
            children[int(path.read_text(errors="replace").rpartition(")")[2].split()[1])].append(int(path.parent.name))
    waiting = children[ancestor]
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += children[pid]


def main(arguments: list[str]) -> int:
    """Entry point: options, then the program with its arguments."""
    parser = argparse.ArgumentParser(prog="keeper")
    parser.add_argument("--parent", type=int, required=True, help="id of the process that must not be outlived")
    parser.add_argument("--end-signal", type=int, default=signal.SIGTERM)
    parser.add_argument("--patience", type=int, default=5)
    parser.add_argument("--user")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    # A terminal's Ctrl-C is for the stack, which ends its parts in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keeper = Keeper(options.command, options.end_signal, options.patience, options.user)
    if IS_LINUX:
        prctl(PR_SET_CHILD_SUBREAPER, 1)
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != options.parent:
        return 1
    return keeper.run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
