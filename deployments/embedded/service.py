"""A part of the stack that runs: a program under a keeper, with a log file and an orderly end."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

from openaddr.errors import Code, ProblemError

ROOT = Path(__file__).parents[2]
"""Where `deployments`, `flows` and `prefect.yaml` lie side by side."""
LOOK_EVERY = 0.05
MARGIN = 4
"""Seconds that a keeper has beyond the patience it has with its program."""
LINES_SHOWN = 3


@dataclass(frozen=True)
class Program:
    """What to run: `environment` comes on top of ours, `end_signal` asks for the end, `patience` is in seconds."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    end_signal: signal.Signals = signal.SIGTERM
    patience: int = 4
    user: str | None = None
    """Whom to run it as, None for ourselves."""
    folder: Path = ROOT


class Service:
    """A program that has been started, from a thread that lasts: its keeper ends when that thread does."""

    def __init__(self, program: Program) -> None:
        self.program = program
        options = ["--parent", str(os.getpid()), "--end-signal", str(int(program.end_signal))]
        options += ["--patience", str(program.patience)] + (["--user", program.user] if program.user else [])
        program.log.parent.mkdir(parents=True, exist_ok=True)
        with program.log.open("ab") as log:
            self._keeper = subprocess.Popen(
                [sys.executable, "-m", f"{__package__}.keeper", *options, "--", *program.command],
                cwd=program.folder,
                env={**os.environ, "PYTHONPATH": str(ROOT), **program.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def is_kept(self) -> bool:
        """Whether it runs or is about to be started again."""
        return self._keeper.poll() is None

    @property
    def keeper(self) -> int:
        """The process id of its keeper."""
        return self._keeper.pid

    def wait_until(self, is_ready: Callable[[], bool], seconds: float) -> None:
        """Wait until `is_ready`. Raises ProblemError when the program gives up, or is not ready in time."""
        deadline = monotonic() + seconds
        while not is_ready():
            if not self.is_kept:
                raise ProblemError(Code.STACK_FAILED, f"{self.program.name} does not stay up; {self._last_words()}.")
            if monotonic() > deadline:
                message = f"{self.program.name} is not ready after {seconds:.0f} seconds; {self._last_words()}."
                raise ProblemError(Code.STACK_FAILED, message)
            sleep(LOOK_EVERY)

    def ask_to_end(self) -> None:
        """Let it begin to end, so that several end side by side."""
        with suppress(ProcessLookupError):
            self._keeper.terminate()

    def stop(self) -> None:
        """End it with everything it has started."""
        self.ask_to_end()
        try:
            self._keeper.wait(self.program.patience + MARGIN)
        except subprocess.TimeoutExpired:
            self._keeper.kill()
            self._keeper.wait()

    def _last_words(self) -> str:
        lines = self.program.log.read_text(encoding="utf-8", errors="replace").splitlines()
        shown = " / ".join(line.strip() for line in lines[-LINES_SHOWN:])
        return f"{self.program.log} ends with: {shown or 'nothing'}"


def free_port(memory: Path) -> int:
    """A port of 127.0.0.1 that nobody listens at: the one noted in `memory` if possible, so that bookmarks last."""
    wanted = int(memory.read_text()) if memory.is_file() else 0
    for port in (wanted, 0):
        with socket.socket() as probe, suppress(OSError):
            # As servers do: connections of the start before may still be closing.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            found = int(probe.getsockname()[1])
            memory.write_text(str(found))
            return found
    raise ProblemError(Code.STACK_FAILED, "No port of 127.0.0.1 is free.")
