"""The real command on many source files at once: which line belongs to which case, and what each took."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.hostile.case import Case

PATIENCE = 75.0
"""Seconds without a line after which the command is stopped: a case may take 60."""
TICK = 0.05


@dataclass
class Result:
    """What came of one case; `memory` is the most that the command and all its children held, in bytes."""

    case: Case
    runs: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    memory: int = 0
    breaches: list[str] = field(default_factory=list)


def run_cases(
    cases: Sequence[Case], paths: Mapping[str, Path], output: Path, environment: Mapping[str, str], folder: Path
) -> list[Result]:
    """Process all cases in order. A case at which the command dies or hangs gets the blame, and the others go on."""
    results: list[Result] = []
    while len(results) < len(cases):
        rest = cases[len(results) :]
        results += _Command(rest, paths, output, environment, folder).results()
    return results


class _Command:
    """One call of `openaddr process`."""

    def __init__(
        self, cases: Sequence[Case], paths: Mapping[str, Path], output: Path, environment: Mapping[str, str], cwd: Path
    ) -> None:
        files = [str(paths[case.name]) for case in cases]
        arguments = [*files, "--output", str(output), "--json", "--no-tiles", "--no-preview"]
        self._cases = list(zip(cases, files, strict=True))
        self._stderr = (output.parent / f"stderr-{time.monotonic_ns()}.txt").open("w+b")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "openaddr", "process", *arguments],
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            stdin=subprocess.DEVNULL,
            env=environment,
            cwd=cwd,
            start_new_session=True,
        )
        self._lines: queue.Queue[tuple[float, str] | None] = queue.Queue()
        assert self._process.stdout is not None
        self._stdout = self._process.stdout
        self._reader = threading.Thread(target=_follow, args=(self._stdout, self._lines), daemon=True)
        self._reader.start()

    def results(self) -> list[Result]:
        """Results of as many cases as the command got through, the one it failed at among them."""
        found: list[Result] = []
        started = time.monotonic()
        try:
            for case, path in self._cases:
                result = Result(case)
                found.append(result)
                ended = self._collect(result, path, started)
                if ended is None:
                    break
                result.seconds, started = ended - started, ended
            else:
                self._require_end(found[-1])
        finally:
            self._stop()
        return found

    def _collect(self, result: Result, path: str, started: float) -> float | None:
        """Take the lines of one case; gives when the last one came, None when the command is over."""
        at = started
        while len(result.runs) < result.case.runs:
            line = self._line(result, at)
            result.seconds = time.monotonic() - started
            if line is None:
                return None
            at, text = line
            try:
                run = json.loads(text)
            except ValueError:
                result.breaches.append(f"printed no JSON: {text[:80]!r}")
                continue
            if run["source"] not in (path, f"{result.case.family}/{result.case.slug}"):
                result.breaches.append(f"a line for {run['source']!r} came instead")
            result.runs.append(run)
        return at

    def _line(self, result: Result, since: float) -> tuple[float, str] | None:
        """The next line, None when there will be none; memory is sampled while waiting."""
        while time.monotonic() - since < PATIENCE:
            result.memory = max(result.memory, _memory(self._process.pid))
            try:
                line = self._lines.get(timeout=TICK)
            except queue.Empty:
                continue
            if line is None:
                result.breaches.append(f"the command ended with {self._process.wait()}: {self._last_words()}")
            return line
        result.breaches.append(f"nothing came for {PATIENCE:g} s")
        return None

    def _require_end(self, last: Result) -> None:
        line = self._line(Result(last.case), time.monotonic())
        if line is not None:
            last.breaches.append(f"one more line came: {line[1][:200]!r}")

    def _last_words(self) -> str:
        self._stderr.seek(0)
        return self._stderr.read().decode(errors="replace").strip()[-300:]

    def _stop(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join()
        self._stdout.close()
        self._stderr.close()
        Path(self._stderr.name).unlink()


def _follow(stream: IO[bytes], lines: "queue.Queue[tuple[float, str] | None]") -> None:
    for line in stream:
        lines.put((time.monotonic(), line.decode(errors="replace")))
    lines.put(None)


def _memory(pid: int) -> int:
    """Bytes held by a process and its descendants; pages that they share count once."""
    return sum(map(_held, _family(pid)))


def _family(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        try:
            tasks = os.listdir(f"/proc/{parent}/task")
            for task in tasks:
                found += map(int, Path(f"/proc/{parent}/task/{task}/children").read_text().split())
        except OSError:
            continue
    return found


def _held(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0
