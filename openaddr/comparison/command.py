"""The command `openaddr diff`."""

import json
import sys
from pathlib import Path

from openaddr.comparison.rows import compare
from openaddr.comparison.show import changes_as_json, changes_as_text, rows_as_json, rows_as_text
from openaddr.errors import ExitCode, ProblemError
from openaddr.source.changes import Kind, changes
from openaddr.source.parse import read_source


def run_diff(old: Path, new: Path, *, as_json: bool, exit_code: bool, examples: int) -> int:
    """Print what differs between two outputs or two source files; gives the exit code."""
    try:
        are_sources = old.suffix == new.suffix == ".json"
        text, found, differ = _sources(old, new) if are_sources else _outputs(old, new, examples)
    except ProblemError as error:
        problem = error.problem
        print(f"openaddr: {problem.message}\n  {problem.explanation.hint} ({problem.code})", file=sys.stderr)
        return problem.explanation.exit_code
    print(json.dumps(found) if as_json else text)
    return ExitCode.FINDINGS if exit_code and differ else ExitCode.DONE


Answer = tuple[str, dict[str, object], bool]


def _sources(old: Path, new: Path) -> Answer:
    found = changes(read_source(old), read_source(new))
    return changes_as_text(found), changes_as_json(found), any(change.kind is not Kind.SAME for change in found)


def _outputs(old: Path, new: Path, examples: int) -> Answer:
    found = compare(old, new, examples)
    return rows_as_text(found), rows_as_json(found), not found.is_empty
