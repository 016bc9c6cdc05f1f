"""Which members of a zip belong to the `file` that a conform names."""

from collections.abc import Collection

from openaddr.errors import Code, ProblemError

LEFT_BEHIND = (".qix",)
"""Spatial indexes are made anew by readers; a stale one would hide rows."""
SHOWN = 10


def select(names: Collection[str], wanted: str) -> set[str]:
    """The names that are meant by `wanted`, without regard to case; empty when none is.

    A name is meant when it equals `wanted`, lies in a folder of that name, or belongs to the same shapefile. When
    there is none, the end of a path is enough (`b.csv` for `d/b.csv`), provided that it fits a single place.
    Raises ProblemError(FILE_AMBIGUOUS) when it fits several.
    """
    target = wanted.replace("\\", "/").strip("/").lower()
    exact = _meant(names, target)
    if exact:
        return exact
    places = {place for name in names for place in _places(name.lower(), target)}
    if len(places) > 1:
        listed = ", ".join(sorted(places)[:SHOWN])
        message = f"`file` is {wanted!r}, which {len(places)} places in the archive end with: {listed}."
        raise ProblemError(Code.FILE_AMBIGUOUS, message)
    return _meant(names, places.pop()) if places else set()


def not_in_archive(wanted: str, names: Collection[str]) -> ProblemError:
    """The problem that nothing in the archive is meant, with what there is instead."""
    shown = ", ".join(sorted(names)[:SHOWN]) or "nothing"
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    message = f"`file` is {wanted!r}, but the archive of {len(names):,} files has {shown}{more}."
    return ProblemError(Code.FILE_NOT_IN_ARCHIVE, message)


def _meant(names: Collection[str], target: str) -> set[str]:
    stem = target.removesuffix("shp") if target.endswith(".shp") else None
    found = {name for name in names if name.lower() == target or name.lower().startswith(target + "/")}
    if found and stem is not None:
        found |= {name for name in names if _is_sibling(name.lower(), stem)}
    return found


def _is_sibling(name: str, stem: str) -> bool:
    return name.startswith(stem) and "/" not in name[len(stem) :] and not name.endswith(LEFT_BEHIND)


def _places(name: str, target: str) -> set[str]:
    """Paths, to a file or a folder on the way to it, that end with the target."""
    parts = name.split("/")
    paths = ("/".join(parts[: end + 1]) for end in range(len(parts)))
    return {path for path in paths if path.endswith("/" + target)}
