"""Folders that appear whole or not at all.

A folder is built beside its target under a hidden name (`.new-…`) and renamed into place; an older one steps aside
first (`.old-…`) and comes back when the new one cannot take its place. A process killed in between leaves hidden
folders only.
"""

import errno
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from openaddr.errors import Code, Problem, ProblemError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG}


@contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """Give an empty folder that becomes `target` when the block succeeds and vanishes when it does not.

    Raises ProblemError when the disk is full or may not be written.
    """
    try:
        with _built_beside(target) as fresh:
            yield fresh
    except OSError as error:
        problem = disk_problem(error, target.parent)
        if problem is None:
            raise
        raise ProblemError(problem.code, problem.message, hint=problem.hint) from error


def disk_problem(error: OSError, folder: Path) -> Problem | None:
    """What an error says of the disk below `folder`; None when it is about something else, such as a socket."""
    if error.errno in _FULL:
        free = _free_bytes(folder)
        known = f"{free:,} bytes are left" if free is not None else "nothing more can be written"
        return Problem(Code.DISK_FULL, f"The disk of {folder} is full: {known}.")
    if error.errno in _REFUSED and _concerns(error, folder):
        reason = error.strerror or os.strerror(error.errno)
        return Problem(Code.OUTPUT_NOT_WRITABLE, f"{error.filename or folder} cannot be written: {reason}.")
    return None


@contextmanager
def _built_beside(target: Path) -> Iterator[Path]:
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = _hidden(target, "new")
    fresh.mkdir()
    try:
        yield fresh
        _swap(fresh, target)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _hidden(target: Path, kind: str) -> Path:
    return target.with_name(f".{kind}-{secrets.token_hex(8)}-{target.name}")


def recover(target: Path) -> None:
    """Bring back the older folder if a process was killed while it had stepped aside."""
    if os.path.lexists(target):
        return
    marks = re.compile(rf"\.old-[0-9a-f]{{16}}-{re.escape(target.name)}")
    aside = [path for path in target.parent.iterdir() if marks.fullmatch(path.name)]
    for path in aside[:1]:
        path.rename(target)


def _swap(fresh: Path, target: Path) -> None:
    """Put the fresh folder in the place of the old one, which is gone afterwards."""
    if not os.path.lexists(target):
        fresh.rename(target)
        return
    old = _hidden(target, "old")
    target.rename(old)
    try:
        fresh.rename(target)
    except OSError:
        old.rename(target)
        raise
    _remove(old)


def _remove(old: Path) -> None:
    if old.is_dir() and not old.is_symlink():
        shutil.rmtree(old, ignore_errors=True)
    else:
        old.unlink()


def _free_bytes(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _concerns(error: OSError, folder: Path) -> bool:
    """Whether the error names a path inside `folder` or on the way to it."""
    if not isinstance(error.filename, str | os.PathLike):
        return False
    path, root = Path(error.filename).absolute(), folder.absolute()
    return path.is_relative_to(root) or root.is_relative_to(path)
