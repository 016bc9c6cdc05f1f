"""`openaddr preview DIR`: shows a folder of runs in the browser until somebody stops it."""

import json
import signal
import sys
import threading
import webbrowser
from pathlib import Path

from dashboards.preview.pages import Line, lines_of, page_of
from dashboards.preview.results import HINT
from dashboards.preview.server import Preview
from openaddr.errors import Code, ExitCode, ProblemError
from openaddr.run import printable
from openaddr.terminal import allow_any_text, counted

MOST_FAULTS = 5


def run(folder: Path, port: int, open_it: bool, as_json: bool) -> int:
    """Serve the pages of a folder until Ctrl-C or SIGTERM; gives the exit code. Raises ProblemError."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    allow_any_text()
    try:
        lines, total = lines_of(folder)
        _refuse_if_all_are_damaged(folder, lines)
        with Preview(folder, port) as server:
            _tell(folder, server.address, lines, total, as_json)
            if open_it:
                _open(server.address)
            server.serve_forever()
    except KeyboardInterrupt:
        _say("stopped; the files are as they were")
    return ExitCode.DONE


def _refuse_if_all_are_damaged(folder: Path, lines: list[Line]) -> None:
    """Raises the ProblemError of the first run where none can be shown, and says which others cannot."""
    damaged = [line.fault for line in lines if line.result is None]
    if damaged and len(damaged) == len(lines):
        more = f" and {len(damaged) - 1:,} more like it" if len(damaged) > 1 else ""
        raise ProblemError(Code.OUTPUT_UNREADABLE, f"{damaged[0].removesuffix('.')}{more}.", hint=HINT)
    for fault in damaged[:MOST_FAULTS]:
        _say(f"not shown: {fault}")
    if len(damaged) > MOST_FAULTS:
        _say(f"not shown: {len(damaged) - MOST_FAULTS:,} more")


def _tell(folder: Path, address: str, lines: list[Line], total: int, as_json: bool) -> None:
    """The address on standard output, for people to click and for scripts to read."""
    _say(f"{counted(total, 'run')} of {folder}; Ctrl-C stops it")
    runs = [
        {
            "source": line.result.source,
            "layer": line.result.layer,
            "name": line.result.name,
            "status": line.result.status.value,
            "url": f"{address.removesuffix('/')}{page_of(line.path)}",
        }
        for line in lines
        if line.result
    ]
    print(json.dumps({"url": address, "runs": runs}) if as_json else address, flush=True)


def _open(address: str) -> None:
    """Show the address where there is a browser with a window: one in the terminal would take that from us."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    if type(browser) is not webbrowser.GenericBrowser:
        # Some wait until their window is closed.
        threading.Thread(target=browser.open, args=(address,), daemon=True).start()


def _say(text: str) -> None:
    print(f"openaddr: {printable(text)}", file=sys.stderr, flush=True)
