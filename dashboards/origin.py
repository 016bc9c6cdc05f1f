"""Where a source file comes from: links to GitHub, built from checked parts and never taken from anybody's words."""

import re
from dataclasses import dataclass
from urllib.parse import quote

GITHUB = "https://github.com"
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,99}/[\w.-]{1,100}", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Origin:
    """A file at a commit. The addresses are '' where the repository is a folder of this machine."""

    repository: str
    commit: str
    file_url: str
    commit_url: str


def origin_of(repository: str, commit: str, source_id: str) -> Origin:
    """Where a run has its source file from."""
    if not _REPOSITORY.fullmatch(repository) or not _COMMIT.fullmatch(commit):
        return Origin(repository, commit, "", "")
    base = f"{GITHUB}/{repository}"
    path = quote(f"sources/{source_id}.json", errors="replace")
    return Origin(repository, commit, f"{base}/blob/{commit}/{path}", f"{base}/commit/{commit}")


def pull_request_url(repository: str, number: int | None) -> str:
    """The address of a pull request, '' without one."""
    return f"{GITHUB}/{repository}/pull/{number}" if number and _REPOSITORY.fullmatch(repository) else ""
