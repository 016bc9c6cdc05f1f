"""The life of a child: confine itself, do the one thing it was made for, say how that went, and end."""

import faulthandler
import importlib
import logging
import mmap
import os
import signal
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from openaddr.box import calls, files, limits
from openaddr.box.confinement import Confinement
from openaddr.box.kernel import IS_LINUX, PR_SET_PDEATHSIG, drop_privileges, prctl
from openaddr.box.messages import Log, Message, Progress, Refusal, Result, Surprise, encode
from openaddr.errors import ProblemError

SECONDS_BETWEEN_PROGRESS = 0.1
HIGHEST_DESCRIPTOR = 4096


@dataclass(frozen=True)
class Call:
    """A function of ours, named `module:function`, and what to call it with. `progress` goes along as a keyword."""

    function: str
    arguments: tuple[Any, ...]
    confinement: Confinement
    boxed: bool
    """Whether the layers that need the kernel are applied."""
    preload: tuple[str, ...] = ()

    def load(self) -> Callable[..., Any]:
        """The function; its module and those to `preload` are imported when they are not there yet."""
        for name in self.preload:
            importlib.import_module(name)
        module, _, name = self.function.partition(":")
        found: Callable[..., Any] = getattr(importlib.import_module(module), name)
        return found


def live(call: Call, results: int, errors: int) -> None:
    """Be a child from here on: never returns. `results` and `errors` are open file descriptors."""
    with suppress(BaseException):
        os.setsid()
        if IS_LINUX:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        _take_over(results, errors)
        with open(results, "wb", buffering=0) as stream:
            _work(call, _Voice(stream.write))
    os._exit(0)


def _take_over(results: int, errors: int) -> None:
    """Nothing comes in, what libraries print goes to the file for it, and nothing of the fork server stays open."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR)
    for target, source in ((0, nothing), (1, nothing), (2, errors)):
        os.dup2(source, target)
    os.closerange(3, results)
    os.closerange(results + 1, HIGHEST_DESCRIPTOR)
    faulthandler.enable()


class _Voice(logging.Handler):
    """Tells the parent: log lines, progress (not too often), and how it ends."""

    def __init__(self, write: Callable[[bytes], int]) -> None:
        super().__init__()
        self._write = write
        self._told = 0.0
        self._one_at_a_time = threading.Lock()

    def say(self, message: Message) -> None:
        """Send one message, all of it."""
        rest = encode(message)
        with self._one_at_a_time:
            while rest:
                rest = rest[self._write(rest) :]

    def emit(self, record: logging.LogRecord) -> None:
        """Forward a log line."""
        self.say(Log(record.levelno, self.format(record)))

    def progress(self, stage: str, done: int, total: int | None, unit: str) -> None:
        """Forward progress (`stages.Progress`)."""
        now = time.monotonic()
        if now - self._told >= SECONDS_BETWEEN_PROGRESS:
            self._told = now
            self.say(Progress(stage, done, total, unit))


def _work(call: Call, voice: _Voice) -> None:
    try:
        function = call.load()
        _confine(call)
        logger = logging.getLogger("openaddr")
        logger.handlers, logger.level = [voice], logging.INFO
        voice.say(Result(function(*call.arguments, progress=voice.progress)))
    except ProblemError as error:
        found = error.problem
        voice.say(Refusal(found.code, found.message, found.hint, found.pointer))
    except BaseException as error:
        voice.say(_surprise(error))


def _surprise(error: BaseException) -> Surprise:
    if isinstance(error, MemoryError) or _is_starved():
        return Surprise("MemoryError", "", out_of_memory=True)
    number = error.errno if isinstance(error, OSError) else None
    return Surprise(f"{type(error).__name__}: {error}", traceback.format_exc(), number)


def _is_starved() -> bool:
    """Whether not even a MiB is left: then an import or a library that failed did so for lack of memory."""
    try:
        mmap.mmap(-1, 1 << 20).close()
    except (MemoryError, OSError):
        return True
    return False


def _confine(call: Call) -> None:
    """Put on the layers, outermost last: each of them needs something that the next one takes away."""
    rules = call.confinement
    os.chdir(rules.writable)
    tempfile.tempdir = os.environ["TMPDIR"] = str(rules.writable)
    limits.apply(rules)
    if not call.boxed:
        return
    drop_privileges()
    files.confine(rules.writable, rules.readable, network=rules.network, programs=rules.programs)
    calls.confine(network=rules.network, programs=bool(rules.programs))
