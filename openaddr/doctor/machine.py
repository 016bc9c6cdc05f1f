"""What this machine has of what a run needs."""

import platform
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from openaddr.box import Box, BoxedError, Confinement, layers
from openaddr.doctor.checks import Check
from openaddr.doctor.libraries import libraries, lock
from openaddr.doctor.parts import Look, Part
from openaddr.errors import EXPLANATIONS, Code, ProblemError
from openaddr.outputs.land import BASEMAP
from openaddr.outputs.tippecanoe import find_tippecanoe
from openaddr.settings import Settings

BOX_SECONDS = 60.0
"""The first child of a box takes some seconds on a busy machine."""


def parts(settings: Settings) -> list[Part]:
    """In the order in which a person would mend what does not hold."""
    looks = [Look("Python", _python), Look("libraries", libraries), Look("lock", lock)]
    box = [Look("layers", _layers), Look("works", lambda: _tried(settings), seconds=BOX_SECONDS)]
    programs = [Look("tippecanoe", _tippecanoe), Look("base map", _base_map)]
    return [Part("Python and libraries", looks), Part("Box", box), Part("Outputs", programs)]


def _python() -> Iterator[Check]:
    yield Check("Python", True, f"{platform.python_version()} on {sys.platform} {platform.machine()}")


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


def _tippecanoe() -> Iterator[Check]:
    try:
        program, found = True, find_tippecanoe()
    except ProblemError as error:
        program, found = False, error.problem.message
    yield Check("tippecanoe", program, found, EXPLANATIONS[Code.TIPPECANOE_MISSING].hint)


def _base_map() -> Iterator[Check]:
    drawn = f"{BASEMAP.stat().st_size:,} bytes" if BASEMAP.exists() else "it is not there"
    yield Check("base map", BASEMAP.exists(), drawn, EXPLANATIONS[Code.BASEMAP_MISSING].hint)
