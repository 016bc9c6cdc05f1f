"""What the parts of the proof tell: how much was tried, what it took, and which promise was broken."""

from collections.abc import Sequence
from pathlib import Path

import msgspec


class Breach(msgspec.Struct, frozen=True):
    """A promise that was not kept, and what was seen of it."""

    promise: str
    seen: str


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What came of trying one thing, as often as it was tried.

    `inputs` are bad inputs, `faults` what was injected. `memory` is in bytes, of the largest process; `touched` counts
    canaries that were read, requested or written; `endless` runs without a final status; `deliveries` those that were
    answered, `lost` those of them that are not on the record; `looks` those of a reader who polls what is published.
    """

    what: str
    kind: str
    promises: tuple[str, ...]
    inputs: int = 0
    faults: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    memory: int = 0
    touched: int = 0
    endless: int = 0
    deliveries: int = 0
    lost: int = 0
    looks: int = 0
    told: tuple[str, ...] = ()
    """Lines on what was measured."""
    breaches: tuple[Breach, ...] = ()

    @property
    def tried(self) -> int:
        """How often something was tried: once when it does not say."""
        return self.inputs + self.faults or 1


def write(path: Path | None, evidence: Sequence[Evidence]) -> None:
    """Keep evidence for the table of the whole proof, if that wants it."""
    if path is not None:
        path.write_bytes(msgspec.json.encode(list(evidence)))


def read(path: Path) -> list[Evidence]:
    """Evidence that a part has kept; none where it has died before."""
    return msgspec.json.decode(path.read_bytes(), type=list[Evidence]) if path.exists() else []
