"""What the commands of `cli` do once their options are known."""

import importlib
import json
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from openaddr import settings
from openaddr.errors import ExitCode, ProblemError
from openaddr.process import Request, process_source
from openaddr.run import Run
from openaddr.settings import SettingError
from openaddr.stages import Options, silent
from openaddr.terminal import Ticker, report


def run_process(
    paths: Sequence[Path],
    output: Path,
    *,
    layer: str | None,
    name: str | None,
    as_json: bool,
    tiles: bool,
    preview: bool,
    fresh: bool,
    quiet: bool,
) -> int:
    """Process source files; gives the exit code, the highest of all runs."""
    logging.getLogger("openaddr.run").setLevel(logging.INFO)
    logging.getLogger("openaddr.run").propagate = False
    try:
        loaded = settings.load()
    except SettingError as error:
        print(f"openaddr: {error}", file=sys.stderr)
        return ExitCode.CONFIGURATION
    ticker = Ticker()
    _stop_on_termination()
    worst = ExitCode.DONE
    try:
        for path in paths:
            request = Request(path, output, layer, name, Options(tiles=tiles, preview=preview), loaded, fresh)
            for run in process_source(request, silent if quiet else ticker):
                ticker.clear()
                _tell(run, path, as_json=as_json, quiet=quiet)
                worst = max(worst, run.exit_code)
    except KeyboardInterrupt:
        ticker.clear()
        print("openaddr: interrupted; finished runs are kept", file=sys.stderr)
        return ExitCode.INTERRUPTED
    return worst


def run_migrate() -> int:
    """Bring the database up to date, naming each step that it lacked; gives the exit code."""
    try:
        url = settings.load().database_url
        if not url:
            raise SettingError("DATABASE_URL is empty, but has to name the database to migrate")
        # Only whoever runs it for everybody has what a database takes.
        connect = importlib.import_module("openaddr.db.connections").connect
        migrate = importlib.import_module("openaddr.db.migrating").migrate
        with connect(url) as conn:
            applied = migrate(conn)
    except (SettingError, ProblemError) as error:
        print(f"openaddr: {error}", file=sys.stderr)
        return ExitCode.CONFIGURATION
    print("\n".join(applied), end="\n" if applied else "")
    return ExitCode.DONE


def _stop_on_termination() -> None:
    """Let SIGTERM end a run as Ctrl-C does: its programs stop, its folder is cleaned up, its record says so."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def _tell(run: Run, path: Path, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        # In ASCII, because names of files need not be text and standard output need not be UTF-8.
        print(json.dumps(run.as_json()), flush=True)
    if not quiet:
        print(report(run, str(path)), file=sys.stderr)
