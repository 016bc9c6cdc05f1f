"""No secret in any artefact, page, log, row or process list, whatever fails and whoever asks for it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.canaries.spill import spill


@pytest.mark.slow
@pytest.mark.proves("I11", kind="secrets asked for while everything fails")
@pytest.mark.timeout(900)
def test_no_secret_is_found_anywhere(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    found = spill(tmp_path)
    record_property("faults", found.canaries)
    assert found.breaches == []
    # Else nothing was searched: as many secrets as there are settings of that kind, boxes, and runs that ended.
    assert found.canaries > 7 and found.boxed > 10
    assert len(found.statuses) > 15 and set(found.statuses) == {"succeeded", "failed"}
