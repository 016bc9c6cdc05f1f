"""What the commands of the bench have in common: settings, problems and exit codes."""

import json
import logging
import signal
import sys
import threading
from collections.abc import Callable

from openaddr import settings
from openaddr.box import BoxedError
from openaddr.errors import Code, ExitCode, Problem, ProblemError
from openaddr.run import printable
from openaddr.settings import SettingError, Settings
from openaddr.terminal import Ticker

WORDS_SHOWN = 500
log = logging.getLogger("openaddr.bench")


def answered(work: Callable[[Settings, Ticker], int], tell: Callable[[Problem], None]) -> int:
    """The exit code of a command; `tell` is called with the problem that it ended in, if any."""
    logging.getLogger("openaddr.run").propagate = False
    if threading.current_thread() is threading.main_thread():
        # Whoever ends us in whatever way, what was fetched is cleaned up.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    ticker = Ticker()
    try:
        try:
            return work(settings.load(), ticker)
        finally:
            ticker.clear()
    except SettingError as error:
        print(f"openaddr: {error}", file=sys.stderr)
        return ExitCode.CONFIGURATION
    except KeyboardInterrupt:
        print("openaddr: interrupted", file=sys.stderr)
        return ExitCode.INTERRUPTED
    except (ProblemError, BoxedError) as error:
        problem = problem_of(error)
        tell(problem)
        return problem.explanation.exit_code


def problem_of(error: ProblemError | BoxedError) -> Problem:
    """The problem of an error; what nobody expected is ours."""
    if isinstance(error, ProblemError):
        return error.problem
    # The last border: the notes have the traceback of the child.
    log.error("unexpected", exc_info=error)
    return Problem(Code.INTERNAL, str(error)[:WORDS_SHOWN])


def say_problem(problem: Problem, place: str = "") -> None:
    """Say on standard error what is wrong, where, and what to do."""
    where = f"{place}{f', line {problem.line}' if problem.line else ''}: " if place else ""
    lines = (f"openaddr: {where}{problem.message} ({problem.code})", f"  {problem.hint or problem.explanation.hint}")
    print("\n".join(map(printable, lines)), file=sys.stderr)


def print_json(value: object) -> None:
    """One object on a line, in ASCII, as standard output need not be UTF-8."""
    print(json.dumps(value), flush=True)
