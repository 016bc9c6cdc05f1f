"""Which source files a change touches, by the word of git."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from openaddr.source.catalog import root_of

DEFAULT_BRANCHES = ("origin/HEAD", "origin/master", "origin/main", "master", "main")
ENDING = ".json"


class GitError(Exception):
    """Git cannot say what was asked; the message says why, and what to do."""


def changed_files(paths: Sequence[Path]) -> list[Path]:
    """Source files below `paths` that differ from where the branch left the default one, also those not added yet.

    Without paths, of the whole repository. Raises GitError.
    """
    root = _root()
    base = _merge_base(root)
    named = _git(root, "diff", "--name-only", "-z", "--no-ext-diff", "--diff-filter=d", base, "--")
    new = _git(root, "ls-files", "--others", "--exclude-standard", "-z")
    return list(_chosen(root, named + new, paths))


def staged_files(paths: Sequence[Path]) -> dict[Path, bytes]:
    """Source files below `paths` that the next commit changes, with what it will have of them. Raises GitError."""
    root = _root()
    named = _git(root, "diff", "--cached", "--name-only", "-z", "--no-ext-diff", "--diff-filter=d", "--")
    return {path: _staged(root, path) for path in _chosen(root, named, paths)}


def _root() -> Path:
    return Path(os.fsdecode(_git(Path(), "rev-parse", "--show-toplevel").rstrip(b"\n")))


def _merge_base(root: Path) -> str:
    for branch in DEFAULT_BRANCHES:
        try:
            return _git(root, "merge-base", branch, "HEAD").decode().strip()
        except GitError:
            continue
    looked_for = ", ".join(DEFAULT_BRANCHES)
    raise GitError(f"there is no default branch to compare with (looked for {looked_for}); fetch it, or name the files")


def _chosen(root: Path, named: bytes, paths: Sequence[Path]) -> Iterator[Path]:
    """The files of a list of git's that are source files below one of the paths, as seen from here."""
    below = [(root_of(path) if path.is_dir() else path).resolve() for path in paths or (root,)]
    for name in sorted({os.fsdecode(name) for name in named.split(b"\0") if name}):
        path = root / name
        if name.endswith(ENDING) and any(path.resolve().is_relative_to(folder) for folder in below):
            yield Path(os.path.relpath(path))


def _staged(root: Path, path: Path) -> bytes:
    return _git(root, "cat-file", "blob", f":{os.path.relpath(path, root)}")


def _git(folder: Path, *arguments: str) -> bytes:
    """What a command of git prints. Raises GitError."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        raise GitError("git is not installed; name the files instead") from None
    if done.returncode:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise GitError(
            words[0].removeprefix("fatal: ") if words else f"git {arguments[0]} ended with {done.returncode}"
        )
    return done.stdout
