"""Which layer of a file with several is meant."""

from pathlib import Path

import pyogrio

from openaddr.errors import Code, ProblemError

_SHOWN = 20


def choose_layer(path: Path, wanted: str | int | None, *, by_geometry: bool) -> str | int:
    """The layer of that index or name (in any case of letters when only one fits), else the first.

    With `by_geometry` tables without a geometry come last. Raises ProblemError(LAYER_NOT_FOUND).
    """
    if wanted is None and not by_geometry:
        return 0
    layers = [(str(name), kind) for name, kind in pyogrio.list_layers(path)]
    names = [name for name, _ in layers]
    if wanted is None:
        located = [index for index, (_, kind) in enumerate(layers) if kind is not None]
        wanted = located[0] if located else 0
    if isinstance(wanted, int):
        if 0 <= wanted < len(names):
            return wanted
        raise _not_found(f"number {wanted}", names)
    if wanted in names:
        return wanted
    alike = [name for name in names if name.casefold() == wanted.casefold()]
    if len(alike) == 1:
        return alike[0]
    raise _not_found(repr(wanted), names)


def _not_found(wanted: str, names: list[str]) -> ProblemError:
    if not names:
        return ProblemError(Code.LAYER_NOT_FOUND, "The data has no layers.")
    rest = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    listed = ", ".join(names[:_SHOWN]) + rest
    return ProblemError(Code.LAYER_NOT_FOUND, f"There is no layer {wanted}; the data has {len(names):,}: {listed}.")
