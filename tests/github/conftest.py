"""A GitHub on this machine with one repository, and our client of it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from demo.servers.github import GitHubServer, Hosted
from openaddr.github.client import GitHub
from openaddr.github.names import Repository
from openaddr.github.waiting import LIMITS, Limits
from openaddr.settings import Settings
from tests.github.asking import TOKEN
from tests.github.checking import checked_github

NAME = Repository("openaddresses", "openaddresses")
FILES = {"sources/us/ca/alameda.json": b"{}", "README.md": b"hello"}
QUICK = replace(LIMITS, answer_seconds=1, tries=3, wait_seconds=1.5)


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    """GitHub, where TOKEN is known, and which takes nothing that GitHub would not."""
    with checked_github(TOKEN) as server:
        yield server


@pytest.fixture
def hosted(server: GitHubServer) -> Hosted:
    """A repository with one commit."""
    found = server.host(str(NAME))
    found.commit(FILES)
    return found


def client(server: GitHubServer, token: str = TOKEN, limits: Limits = QUICK) -> GitHub:
    """Our client, which waits for nothing longer than a test may."""
    return GitHub(Settings(github_api_url=server.url, github_token=token, retry_seconds=0.01), limits)
