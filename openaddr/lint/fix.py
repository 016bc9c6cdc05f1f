"""Safe repairs: other words in place of a name or a text, and not a character elsewhere.

The file is never written out again from what was parsed: its form is its author's. A file that cannot be read is left
alone, and one that was mended has nothing left to mend.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from openaddr.errors import Code, ProblemError
from openaddr.lint.check import check_bytes
from openaddr.lint.findings import Finding
from openaddr.source.positions import layout

ROUNDS = 5
"""A repair may show another thing to mend, such as in an object whose name was misspelt."""
MARK = "\ufeff"


def mended(identity: str, raw: bytes) -> tuple[bytes, int]:
    """The file with everything mended that can be, and how many places were."""
    count = 0
    for _ in range(ROUNDS):
        edits = _edits(raw.decode("utf-8", "replace"), check_bytes(identity, raw))
        if not edits:
            break
        raw = _edited(raw.decode("utf-8"), edits).encode()
        count += len(edits)
    return raw, count


def _edits(text: str, findings: Iterable[Finding]) -> dict[tuple[int, int], str]:
    """What goes in place of which characters."""
    edits: dict[tuple[int, int], str] = {}
    mark = len(text) - len(text.removeprefix(MARK))
    for finding in findings:
        if finding.fix is None:
            continue
        span = layout(text[mark:]).spans[finding.pointer]
        start, end = (span.name or (0, 0)) if finding.fix.name else (span.start, span.end)
        old = text[start + mark : end + mark]
        if old.startswith('"'):
            edits.setdefault((start + mark, end + mark), _written(finding.fix.text, old))
    return edits


def _written(text: str, old: str) -> str:
    """A text as JSON, escaped as the one that it replaces was."""
    bare = f'"{old[1:-1].strip()}"'
    try:
        if json.loads(bare) == text:
            return bare
    except ValueError:
        pass
    return json.dumps(text, ensure_ascii=old.isascii())


def _edited(text: str, edits: dict[tuple[int, int], str]) -> str:
    for (start, end), new in sorted(edits.items(), reverse=True):
        text = text[:start] + new + text[end:]
    return text


def replace_file(path: Path, content: bytes) -> None:
    """Put other content into a file, whole or not at all; its permissions stay. Raises ProblemError."""
    real = path.resolve()
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{real.name[:50]}.", dir=real.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            shutil.copymode(real, name)
            os.replace(name, real)
        except OSError:
            os.unlink(name)
            raise
    except OSError as error:
        raise ProblemError(Code.OUTPUT_NOT_WRITABLE, f"{path} cannot be written: {error.strerror}.") from None
