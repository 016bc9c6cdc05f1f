"""CPU and memory of whole child processes, each held to one thread."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

THREADS = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS", "ARROW_IO_THREADS")
ONE_THREAD = {**dict.fromkeys(THREADS, "1"), "GDAL_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Cost:
    """What a process took: seconds of CPU (user and system, with its children), megabytes at its peak, its output."""

    cpu: float
    peak: float
    output: str
    errors: str


def measure(command: Sequence[str], *, allowed: tuple[int, ...] = (0,), **environment: str) -> Cost:
    """Run a command to its end. Raises RuntimeError when it ends with another code than `allowed`."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, env={**os.environ, **ONE_THREAD, **environment})
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace").strip())
        if process.returncode not in allowed:
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {texts[1][-1500:]}")
        return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, *texts)


def work(kind: str, case: str, rows: int) -> Cost:
    """One measurement of `benchmarks.worker` in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=_scratch()) as folder:
        return measure([sys.executable, "-m", "benchmarks.worker", kind, case, str(rows), folder])


def _scratch() -> Path:
    path = Path("build/scratch")
    path.mkdir(parents=True, exist_ok=True)
    return path
