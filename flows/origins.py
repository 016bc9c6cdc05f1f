"""Where the source files of a set come from: a repository on GitHub, or a folder of this machine."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from flows import policies
from flows.working import work_folder
from openaddr.db.records import Set, Trust
from openaddr.db.values import storable
from openaddr.errors import Code, ProblemError
from openaddr.github.client import GitHub
from openaddr.github.names import Repository, allowed, checked_ref
from openaddr.settings import Settings
from openaddr.source.catalog import SourceFile, digest, in_archive, in_folder
from openaddr.workshop import scratch


@dataclass(frozen=True)
class Snapshot:
    """The source files at one commit, to be read once, and whether that commit is on the default branch."""

    files: Iterable[SourceFile]
    trust: Trust


class Origin(Protocol):
    """What a set is made of. Both methods raise ProblemError."""

    @property
    def repository(self) -> str:
        """What sets of it are known by."""

    @property
    def folder(self) -> str:
        """Where it is on this machine, '' on GitHub."""

    def head(self) -> str:
        """The commit that is meant now."""

    def snapshot(self, commit: str) -> AbstractContextManager[Snapshot]:
        """What there was at a commit, whenever that was asked for first."""


@dataclass(frozen=True)
class FolderOrigin:
    """A folder; what its files add up to stands for a commit. Whoever keeps files here is trusted."""

    path: Path

    @property
    def repository(self) -> str:
        """The name of the folder."""
        return storable(self.path.name or str(self.path))

    @property
    def folder(self) -> str:
        """The whole path."""
        return str(self.path)

    def head(self) -> str:
        """The digest of its files. Raises ProblemError when there are none."""
        first = next(in_folder(self.path), None)
        if first is None:
            raise ProblemError(Code.SOURCES_MISSING, f"There are no source files below {storable(self.folder)}.")
        return digest(in_folder(self.path))

    @contextmanager
    def snapshot(self, commit: str) -> Iterator[Snapshot]:
        """Its files, as long as they are the same. Raises ProblemError."""
        files = list(in_folder(self.path))
        if (found := digest(files)) != commit:
            message = f"The files below {storable(self.folder)} are not those of {commit[:12]} but of {found[:12]}."
            raise ProblemError(Code.SOURCES_CHANGED, message)
        yield Snapshot(files, Trust.MERGED)


@dataclass(frozen=True)
class GitHubOrigin:
    """A repository on GitHub; `ref` is a commit, branch or tag, '' for the newest commit of the default branch."""

    settings: Settings
    name: Repository
    ref: str = ""
    folder: str = ""

    @property
    def repository(self) -> str:
        """Owner and name."""
        return str(self.name)

    def head(self) -> str:
        """The id of the commit."""
        with GitHub(self.settings) as github:
            return github.commit_of(self.name, self.ref)

    @contextmanager
    def snapshot(self, commit: str) -> Iterator[Snapshot]:
        """The files in the archive of the commit, which is gone afterwards."""
        with scratch(work_folder(self.settings), policies.WORK_PREFIX) as folder, GitHub(self.settings) as github:
            path = folder / "commit.zip"
            trust = Trust.MERGED if github.is_merged(self.name, commit) else Trust.UNMERGED
            github.fetch_archive(self.name, commit, path)
            if next(in_archive(path), None) is None:
                message = f"{self.name} has no source files at {commit[:12]}."
                raise ProblemError(Code.SOURCES_MISSING, message)
            yield Snapshot(in_archive(path), trust)


def asked_for(settings: Settings, repository: str, commit: str, folder: str) -> Origin:
    """What a set is to be made of; the settings say it where nothing is named. Raises ProblemError."""
    if not repository and not folder:
        repository = next(iter(settings.repositories), "")
        folder = "" if repository else settings.sources_folder
    if bool(repository) == bool(folder) or (folder and commit):
        named = ", ".join(filter(None, (repository, commit, folder))) or "nothing"
        message = f"A set is made of one repository at one commit, or of one folder, but not of {storable(named)}."
        raise ProblemError(Code.SOURCES_MISSING, message)
    if folder:
        return FolderOrigin(Path(folder).resolve())
    return GitHubOrigin(settings, allowed(repository, settings.repositories), commit and checked_ref(commit))


def origin_of(settings: Settings, found: Set) -> Origin:
    """What a set was begun with. Raises ProblemError when it may not be asked for any more."""
    return asked_for(settings, "" if found.folder else found.repository, "", found.folder)
