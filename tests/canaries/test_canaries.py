"""No secret in any artefact, page, log, row or process list, whatever fails and whoever asks for it."""

from pathlib import Path

import pytest

from tests.canaries.spill import spill


@pytest.mark.timeout(600)
def test_no_secret_is_found_anywhere(tmp_path: Path) -> None:
    found = spill(tmp_path)
    assert found.breaches == []
    print(found)
    assert found.canaries > 7 and found.boxed > 0 and len(found.statuses) > 10
