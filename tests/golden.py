"""Golden files: what the code made once, looked at by a person and kept. `make golden` rewrites them all."""

import os
from pathlib import Path


def assert_golden(path: Path, made: str) -> None:
    """Compare a text with its golden file. An empty one proves nothing, so it is refused."""
    if os.environ.get("OPENADDR_REWRITE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made, encoding="utf-8")
    kept = path.read_text(encoding="utf-8")
    assert kept.strip(), f"{path.name} is empty"
    assert made == kept, f"{path.name} differs; if that is meant, run `make golden` and read the diff"
