"""The parent's side of a call: listens to the child, watches time and memory, and says what became of it."""

import errno
import logging
import os
import selectors
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from openaddr.box.child import Call
from openaddr.box.confinement import Confinement, layers
from openaddr.box.messages import (
    BadMessageError,
    Lines,
    Log,
    Message,
    Progress,
    Refusal,
    Result,
    Surprise,
    decode,
    value_of,
)
from openaddr.box.servers import POOL, ForkServer
from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings
from openaddr.stages import Progress as Telling
from openaddr.stages import silent

log = logging.getLogger("openaddr.run")

SECONDS_BETWEEN_LOOKS = 0.02
BLOCK = 1 << 20
MB = 1_000_000
ERRORS_SHOWN = 4000
OUT_OF_MEMORY = ("memory allocation of", "bad_alloc", "MemoryError", "Cannot allocate memory", "out of memory")


class BoxedError(Exception):
    """Something unexpected in a child: its words, and its traceback as a note."""

    def __init__(self, words: str, trace: str) -> None:
        super().__init__(words)
        self.add_note(trace)


@dataclass
class Use:
    """What children have used so far: most memory of one of them in bytes, processor seconds of all together."""

    peak_bytes: int = 0
    cpu_seconds: float = 0.0


@dataclass
class Box:
    """Calls functions of ours in children, one at a time; `use` adds up what they took."""

    settings: Settings
    use: Use = field(default_factory=Use)
    stop: threading.Event = field(default_factory=threading.Event)
    """Set by another thread, it ends the child that runs, and those after it."""

    def call(
        self,
        function: str,
        *arguments: Any,
        returns: Any,
        confinement: Confinement,
        progress: Telling = silent,
        preload: tuple[str, ...] = (),
    ) -> Any:
        """What `module:function` gives for these arguments, as a `returns`, after a life in the box.

        `preload` names modules that the function will need: loaded before, they are there for the next call too.
        Raises ProblemError as the function does, and TIME_LIMIT, MEMORY_LIMIT, READER_CRASHED, BOX_MISSING; OSError
        and BoxedError for surprises.
        """
        rules = replace(confinement, writable=confinement.writable.resolve(), readable=_resolved(confinement.readable))
        call = Call(function, arguments, rules, self._is_whole(), preload)
        with tempfile.TemporaryFile(dir=rules.writable) as errors:
            last = _Watch(call, progress, self.use, self.stop, errors).run()
        if isinstance(last, Result):
            return value_of(last, returns, (rules.writable, *rules.readable))
        raise _raised(last)

    def _is_whole(self) -> bool:
        """Whether all layers are there. Raises ProblemError(BOX_MISSING) unless the operator does without."""
        missing = [f"{layer.name}: {layer.missing}" for layer in layers() if layer.missing]
        if missing and not self.settings.allow_unsandboxed:
            raise ProblemError(Code.BOX_MISSING, f"The box has no {'; no '.join(missing)}.")
        return not missing


@dataclass
class _Watch:
    """One child from its start to its end."""

    call: Call
    progress: Telling
    use: Use
    stop: threading.Event
    errors: IO[bytes]
    ended_for: ProblemError | None = None
    last: Message | None = None
    stage: str = ""
    _lines: Lines = field(default_factory=Lines)

    def run(self) -> Message:
        """The last word of the child. Raises ProblemError when it was ended, or ended without one."""
        with self._child() as (server, pid, results):
            self._listen(server, pid, results)
            ending = server.answer()
            self._hear(results, to_the_end=True)
        self.use.peak_bytes = max(self.use.peak_bytes, int(ending["peak"]))
        self.use.cpu_seconds += ending["cpu"]
        if self.ended_for is not None:
            raise self.ended_for
        if self.last is None:
            raise self._without_a_word(int(ending["status"]), int(ending["peak"]))
        return self.last

    @contextmanager
    def _child(self) -> Iterator[tuple[ForkServer, int, int]]:
        """A running child; its fork server is kept for the next one when all went well."""
        server = POOL.take()
        reading, writing = os.pipe()
        try:
            try:
                pid = server.ask(self.call, writing, self.errors.fileno())
            finally:
                os.close(writing)
            os.set_blocking(reading, False)
            yield server, pid, reading
        except BaseException:
            server.close()
            raise
        finally:
            os.close(reading)
        if self.ended_for is None:
            POOL.give_back(server)
        else:
            server.close()

    def _listen(self, server: ForkServer, pid: int, results: int) -> None:
        """Until the fork server has something to say, which is that the child is gone."""
        deadline = time.monotonic() + self.call.confinement.seconds
        with selectors.DefaultSelector() as selector:
            selector.register(server.control, selectors.EVENT_READ)
            selector.register(results, selectors.EVENT_READ)
            while not server.has_answered():
                ready = [key.fileobj for key, _ in selector.select(SECONDS_BETWEEN_LOOKS)]
                if results in ready and not self._hear(results):
                    selector.unregister(results)
                if server.control in ready:
                    return
                if self.ended_for is None and (problem := self._over_a_limit(pid, deadline)):
                    self.ended_for = problem
                    server.end_child()

    def _over_a_limit(self, pid: int, deadline: float) -> ProblemError | None:
        rules = self.call.confinement
        if self.stop.is_set():
            return ProblemError(Code.INTERRUPTED, "The run was stopped from outside.")
        if time.monotonic() > deadline:
            message = f"The stage was ended after {rules.seconds:,.0f} seconds{self.stage and ', at ' + self.stage}."
            return ProblemError(Code.TIME_LIMIT, message)
        if (resident := _resident(pid)) > rules.memory_bytes:
            return _too_much_memory(resident, rules.memory_bytes, self.stage)
        return None

    def _hear(self, results: int, *, to_the_end: bool = False) -> bool:
        """Take in what the child has said; False at the end."""
        try:
            while block := os.read(results, BLOCK):
                for line in self._lines.feed(block):
                    self._take(decode(line))
                if not to_the_end:
                    return True
        except BlockingIOError:
            return True
        return False

    def _take(self, message: Message) -> None:
        match message:
            case Log(level, text):
                log.log(level, "%s", text)
            case Progress(stage, done, total, unit):
                self.stage = f"{stage}: {done:,} {unit}"
                self.progress(stage, done, total, unit)
            case _:
                self.last = message

    def _without_a_word(self, status: int, peak: int) -> ProblemError:
        """The problem of a child that ended before it could say anything."""
        self.errors.seek(0)
        words = self.errors.read(ERRORS_SHOWN).decode("utf-8", "replace")
        log.error("  the child ended with %d and printed: %s", status, words or "nothing")
        if any(sign in words for sign in OUT_OF_MEMORY):
            return _too_much_memory(peak, self.call.confinement.memory_bytes, self.stage)
        if status == -signal.SIGXCPU:
            return ProblemError(Code.TIME_LIMIT, "The stage used up the processor time that it may have.")
        if status == -signal.SIGKILL:
            # Nobody of ours has killed it: the kernel does so when the machine has no memory left.
            message = f"The system killed the stage, which had {peak / MB:,.0f} MB of memory."
            return ProblemError(Code.MEMORY_LIMIT, message)
        how = f"signal {signal.Signals(-status).name}" if status < 0 else f"exit code {status}"
        at = f" at {self.stage}" if self.stage else ""
        return ProblemError(Code.READER_CRASHED, f"The stage ended with {how}{at}, before it had an answer.")


def _raised(last: Message) -> Exception:
    """The exception that the last word of a child stands for."""
    if isinstance(last, Refusal):
        return ProblemError(Code(last.code), last.message, hint=last.hint, pointer=last.pointer)
    if not isinstance(last, Surprise):
        return BadMessageError(f"the last word of the child was a {type(last).__name__}")
    if last.out_of_memory:
        return ProblemError(Code.MEMORY_LIMIT, "The stage found no more memory to go on with.")
    if last.errno in (errno.ENOSPC, errno.EDQUOT):
        return OSError(last.errno, last.words)
    return BoxedError(last.words, last.trace)


def _too_much_memory(found: int, allowed: int, stage: str) -> ProblemError:
    at = f" at {stage}" if stage else ""
    message = f"The stage was ended with {found / MB:,.0f} MB of memory{at}; {allowed / MB:,.0f} MB are allowed."
    return ProblemError(Code.MEMORY_LIMIT, message)


def _resident(pid: int) -> int:
    """Bytes of memory that the process occupies by itself, 0 when that cannot be known."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            pages = file.read().split()
    except OSError:
        return 0
    return (int(pages[1]) - int(pages[2])) * os.sysconf("SC_PAGE_SIZE")


def _resolved(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    return tuple(path.resolve() for path in paths)
