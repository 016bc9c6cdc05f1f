"""A plugin of pytest: tests that prove a promise say so, and what came of them is kept as evidence.

    @pytest.mark.proves("I5", "I6", kind="renderer killed")
    def test_…(record_property): record_property("faults", 20); record_property("looks", reader.looks)

With `--evidence FILE` only those run, also the ones marked `slow`, which `make test` leaves to the proof.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.proof.evidence import Breach, Evidence, write

COUNTED = ("faults", "looks", "deliveries", "lost", "endless", "touched")
PROMISES, KIND, TOLD = "proves", "kind", "told"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Called by pytest."""
    parser.addoption("--evidence", metavar="FILE", help="run what proves a promise, and keep what came of it in a file")


def pytest_configure(config: pytest.Config) -> None:
    """Called by pytest."""
    config.addinivalue_line("markers", "proves(*promises, kind=''): what comes of it is evidence of `make proof`")
    config.addinivalue_line("markers", "slow: left to `make proof`")
    path = config.getoption("--evidence")
    if path is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Keeper(Path(path)))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Called by pytest: leave out what is for the other of the two."""
    is_proof = config.getoption("--evidence") is not None
    left = [item for item in items if _is_for(item, is_proof=is_proof)]
    config.hook.pytest_deselected(items=[item for item in items if item not in left])
    items[:] = left


def _is_for(item: pytest.Item, *, is_proof: bool) -> bool:
    if is_proof:
        return item.get_closest_marker(PROMISES) is not None
    return item.get_closest_marker("slow") is None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Called by pytest: what a test proves travels with its report."""
    for mark in item.iter_markers(PROMISES):
        item.user_properties += [(PROMISES, promise) for promise in mark.args]
        item.user_properties.append((KIND, mark.kwargs.get(KIND, "")))


class Keeper:
    """Gathers reports of tests, and writes what they are evidence of."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.evidence: list[Evidence] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Called by pytest for set-up, call and tear-down of each test."""
        if (report.when == "call" and not report.skipped) or report.failed:
            self.evidence.append(evidence_of(report))

    def pytest_sessionfinish(self) -> None:
        """Called by pytest at the end."""
        write(self.path, self.evidence)


def evidence_of(report: pytest.TestReport) -> Evidence:
    """What a test is evidence of. A test that fails has broken all that it should prove."""
    said: list[tuple[str, Any]] = report.user_properties
    promises = tuple(dict.fromkeys(str(value) for name, value in said if name == PROMISES))
    kind = next((str(value) for name, value in said if name == KIND and value), "")
    counts = {name: sum(int(value) for key, value in said if key == name) for name in COUNTED}
    name = report.nodeid.partition("::")[2].removeprefix("test_").replace("_", " ")
    if kind and not counts["faults"]:
        counts["faults"] = 1
    broken = tuple(Breach(promise, f"{name}: {_last_line(report)}") for promise in promises) if report.failed else ()
    told = tuple(str(value) for key, value in said if key == TOLD)
    return Evidence(
        what=name, kind=kind, promises=promises, seconds=report.duration, told=told, breaches=broken, **counts
    )


def _last_line(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash else report.longreprtext.strip()[-300:])


def counted(found: list[Evidence]) -> Iterator[str]:
    """One line for each piece of evidence, and below it what it tells."""
    for item in found:
        yield f"{'BROKEN' if item.breaches else 'held':<7} {', '.join(item.promises):<9} {item.faults:>4}  {item.what}"
        yield from (f"{'':<24}{line}" for line in item.told)
