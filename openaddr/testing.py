"""What `openaddr test` does once its options are known: the acceptance tests of sources, each source in the box."""

import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from openaddr import settings
from openaddr.box import Box, BoxedError, Confinement
from openaddr.conform.acceptance import Difference
from openaddr.errors import Code, ExitCode, Problem, ProblemError
from openaddr.run import printable
from openaddr.settings import SettingError, Settings
from openaddr.source.catalog import paths_in
from openaddr.source.model import AcceptanceTest, BrokenEntry, LayerSource, Source
from openaddr.source.parse import read_source
from openaddr.terminal import allow_any_text, counted

SECONDS = 60.0
BROKEN = "✗"
PASSED = "✓"


@dataclass(frozen=True)
class Outcome:
    """One test of one layer source; `problem` where it could not be tried, then there need be no test at all."""

    path: Path
    label: str
    line: int | None
    test: AcceptanceTest | None = None
    differences: tuple[Difference, ...] = ()
    problem: Problem | None = None

    @property
    def exit_code(self) -> ExitCode:
        """What the command answers for it."""
        if self.problem is not None:
            return self.problem.explanation.exit_code
        return ExitCode.FINDINGS if self.differences else ExitCode.DONE

    def as_json(self) -> dict[str, object]:
        """The object that `--json` prints."""
        return {
            "file": str(self.path),
            "line": self.line,
            "source": self.label,
            "test": self.test.description if self.test else None,
            "passed": self.exit_code is ExitCode.DONE,
            "differences": [
                {"attribute": found.attribute, "expected": found.expected, "got": found.got}
                for found in self.differences
            ],
            "problem": self.problem.as_json() if self.problem else None,
        }


def run_test(paths: Sequence[Path], *, as_json: bool) -> int:
    """Try the acceptance tests of source files; gives the exit code, the highest of all."""
    try:
        loaded = settings.load()
    except SettingError as error:
        print(f"openaddr: {error}", file=sys.stderr)
        return ExitCode.CONFIGURATION
    files = list(dict.fromkeys(file for path in paths for file in (paths_in(path) if path.is_dir() else (path,))))
    if not files:
        print(f"openaddr: there are no source files in {', '.join(map(str, paths))}", file=sys.stderr)
        return ExitCode.USAGE
    allow_any_text()
    console = Console(highlight=False, soft_wrap=True)
    worst, tried, failed = ExitCode.DONE, 0, 0
    try:
        for outcome in (outcome for file in files for outcome in outcomes(file, loaded)):
            worst = max(worst, outcome.exit_code)
            tried += outcome.test is not None
            failed += outcome.exit_code is not ExitCode.DONE
            if as_json:
                print(json.dumps(outcome.as_json()), flush=True)
            else:
                console.print(_shown(outcome))
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    print(f"{counted(len(files), 'file')}, {counted(tried, 'test')}, {failed:,} failed", file=sys.stderr)
    return worst


def outcomes(path: Path, loaded: Settings) -> Iterator[Outcome]:
    """The tests of all layer sources of a file, in order; nothing where there are none."""
    try:
        source = read_source(path)
    except ProblemError as error:
        yield Outcome(path, "", error.problem.line, problem=error.problem)
        return
    for entry in source.entries:
        label = f"{source.id}/{entry.layer}/{entry.name}"
        if isinstance(entry, BrokenEntry):
            problem = source.located(entry.problem)
            yield Outcome(path, label, problem.line, problem=problem)
        elif entry.tests:
            yield from _of_entry(path, label, source, entry, loaded)


def _of_entry(path: Path, label: str, source: Source, entry: LayerSource, loaded: Settings) -> Iterator[Outcome]:
    try:
        found = _differences(entry, loaded)
    except (ProblemError, BoxedError) as error:
        # What nobody expected of one source does not keep the others from being tried.
        words = error.problem if isinstance(error, ProblemError) else Problem(Code.INTERNAL, str(error)[:500])
        problem = source.located(words)
        yield Outcome(path, label, problem.line, problem=problem)
        return
    by_test = defaultdict(list)
    for difference in found:
        by_test[difference.test.pointer].append(difference)
    for test in entry.tests:
        yield Outcome(path, label, source.line_of(test.pointer), test, tuple(by_test[test.pointer]))


def _differences(entry: LayerSource, loaded: Settings) -> tuple[Difference, ...]:
    """What the tests expected and did not get, by the word of a child in the box. Raises ProblemError."""
    with tempfile.TemporaryDirectory() as folder:
        rules = Confinement(Path(folder), seconds=SECONDS, memory_bytes=loaded.size.memory_bytes)
        found: tuple[Difference, ...] = Box(loaded.without_secrets()).call(
            "openaddr.steps:differences", entry, returns=tuple[Difference, ...], confinement=rules
        )
    return found


def _shown(outcome: Outcome) -> Text:
    """A test in a line; of one that failed also the place, and what was expected above what came instead."""
    good = outcome.exit_code is ExitCode.DONE
    told = Text().append(PASSED if good else BROKEN, "green" if good else "bold red").append(" ")
    if outcome.problem is not None:
        line = f":{outcome.line}" if outcome.line else ""
        hint = outcome.problem.hint or outcome.problem.explanation.hint
        what = f"{outcome.path}{line} {outcome.problem.code}: {outcome.problem.message}"
        return told.append(printable(what)).append(f"\n    {printable(hint)}")
    description = outcome.test.description if outcome.test else ""
    told.append(printable(f"{outcome.label}: {description}"))
    if not good:
        told.append(printable(f" ({outcome.path}:{outcome.line})"), "dim")
    width = max((len(found.attribute) for found in outcome.differences), default=0)
    for found in outcome.differences:
        told.append(f"\n    {printable(found.attribute):<{width}}  expected ")
        told.append(_value(found.expected), "green")
        told.append(f"\n    {'':<{width}}  got      ").append(_got(found), "red")
    return told


def _got(found: Difference) -> str:
    return "nothing: there is no such attribute" if found.got is None else _value(found.got)


def _value(value: object) -> str:
    return printable(json.dumps(value, ensure_ascii=False))
