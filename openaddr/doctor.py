"""What this machine has of what a run needs: `openaddr doctor`. What can be tried is tried, not only looked up."""

import json
import platform
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from openaddr.box import Box, BoxedError, Confinement, layers
from openaddr.errors import EXPLANATIONS, Code, ProblemError
from openaddr.outputs.land import BASEMAP
from openaddr.outputs.tippecanoe import find_tippecanoe
from openaddr.settings import Settings

WIDEST = 30


@dataclass(frozen=True)
class Check:
    """One thing that holds or does not; `fix` says what to do when it does not."""

    name: str
    holds: bool
    found: str
    fix: str = ""

    def __str__(self) -> str:
        """The check as people read it."""
        told = f"{'✓' if self.holds else '✗'} {self.name:<{WIDEST}} {self.found}"
        return told if self.holds else f"{told}\n    {self.fix}"


def examine(settings: Settings) -> list[Check]:
    """All checks, in the order in which a person would mend what does not hold."""
    return [_python(), *_layers(), *_tried(settings), *_programs()]


def as_text(checks: list[Check]) -> str:
    """The table for a terminal."""
    return "\n".join(map(str, checks))


def as_json(checks: list[Check]) -> str:
    """One JSON object a check, one on a line."""
    return "\n".join(json.dumps(asdict(check) | ({"fix": ""} if check.holds else {})) for check in checks)


def _python() -> Check:
    return Check("Python", True, f"{platform.python_version()} on {sys.platform} {platform.machine()}")


def _layers() -> Iterator[Check]:
    """The layers of the box, as the kernel has them."""
    for layer in layers():
        fix = EXPLANATIONS[Code.BOX_MISSING].hint
        yield Check(f"box: {layer.name}", not layer.missing, layer.missing or layer.what, fix)


def _tried(settings: Settings) -> Iterator[Check]:
    """What a child in the box was refused, in its own experience."""
    with tempfile.TemporaryDirectory() as outside, tempfile.TemporaryDirectory() as inside:
        secret = Path(outside, "secret.txt")
        secret.write_text("not for the box")
        try:
            outcomes: dict[str, str] = Box(settings).call(
                "openaddr.box.probe:probe", str(secret), returns=dict[str, str], confinement=Confinement(Path(inside))
            )
        except (ProblemError, BoxedError) as error:
            yield Check("box: works", False, str(error), "Report it with this output.")
            return
    for attempt, outcome in outcomes.items():
        fix = "A stage could do this here: the layers above say what is missing."
        yield Check(f"box: {attempt}", not outcome, outcome or "refused", fix)


def _programs() -> Iterator[Check]:
    """What outputs are made with."""
    try:
        program, found = True, find_tippecanoe()
    except ProblemError as error:
        program, found = False, error.problem.message
    yield Check("tippecanoe", program, found, EXPLANATIONS[Code.TIPPECANOE_MISSING].hint)
    drawn = f"{BASEMAP.stat().st_size:,} bytes" if BASEMAP.exists() else "it is not there"
    yield Check("base map", BASEMAP.exists(), drawn, EXPLANATIONS[Code.BASEMAP_MISSING].hint)
