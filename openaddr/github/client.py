"""GitHub's REST API, as far as we ask it."""

import binascii
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlsplit

from github import Github

from openaddr.errors import Code, ProblemError
from openaddr.github import answers
from openaddr.github.answers import Answer, CommitFound, Comparison, RepositoryFound, UserFound
from openaddr.github.archive import Download
from openaddr.github.credentials import credentials
from openaddr.github.names import SHA, Repository
from openaddr.github.refusals import ABSENT, explained, refusal
from openaddr.github.waiting import LIMITS, Limits, Patience
from openaddr.settings import GITHUB_API_URL, Settings

ABSENT_COMMIT = (*ABSENT, 409, 422)
"""GitHub says 422 of an unknown commit, and 409 of a repository without any."""


Raw = tuple[int, Mapping[str, str], str]
"""Status, headers and body of an answer."""


class GitHub:
    """The API, as whom the settings say we are to a repository, or to any. To be used in a `with` block.

    Every method raises ProblemError: GITHUB_AWAY, GITHUB_RATE_LIMITED, GITHUB_REFUSED, and what it names.
    """

    def __init__(self, settings: Settings, limits: Limits = LIMITS, repository: Repository | None = None) -> None:
        self._url = settings.github_api_url.rstrip("/")
        self.host = urlsplit(self._url).hostname or ""
        self.credentials = credentials(settings, repository, limits, self.host)
        self._agent = settings.user_agent
        self._limits = limits
        self._patience = Patience.within(limits, settings.retry_seconds)
        # Enterprise servers have limits of their own, if any.
        pause = limits.pause_seconds if self._url == GITHUB_API_URL else 0.0
        self._api = Github(
            auth=self.credentials.auth,
            base_url=self._url,
            timeout=limits.answer_seconds,
            user_agent=self._agent,
            retry=self._patience,
            seconds_between_requests=pause,
            seconds_between_writes=pause,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._api.close()

    def default_branch(self, repository: Repository) -> str:
        """The name of the default branch. Raises ProblemError: GITHUB_REPOSITORY_NOT_FOUND, also for one that moved."""
        status, headers, body = self.get(f"/repos/{repository}")
        if status in ABSENT:
            message = f"{self.host} has no repository {repository}, or does not show it to us."
            raise ProblemError(Code.GITHUB_REPOSITORY_NOT_FOUND, message)
        found = self.read((status, headers, body), RepositoryFound)
        if not repository.is_same(found.full_name):
            # Whoever got the new place is not who the list of repositories means.
            message = f"The repository {repository} has moved to {found.full_name[:200]!r}."
            raise ProblemError(Code.GITHUB_REPOSITORY_NOT_FOUND, message)
        return found.default_branch

    def commit_of(self, repository: Repository, ref: str = "") -> str:
        """The id of the commit that a branch, tag or commit names; the newest of the default branch without a name.

        Raises ProblemError: GITHUB_REPOSITORY_NOT_FOUND, GITHUB_COMMIT_UNKNOWN.
        """
        branch = self.default_branch(repository)
        asked = ref or f"heads/{branch}"
        # The least of what GitHub would tell of the files of a commit.
        status, headers, body = self.get(f"/repos/{repository}/commits/{quote(asked, safe='')}", {"per_page": "1"})
        if status in ABSENT_COMMIT:
            raise self._no_commit(repository, asked)
        return self.read((status, headers, body), CommitFound).sha

    def is_merged(self, repository: Repository, sha: str) -> bool:
        """Whether a commit is on the default branch; one that GitHub knows only from a fork is not.

        Raises ProblemError: GITHUB_REPOSITORY_NOT_FOUND.
        """
        branch = self.default_branch(repository)
        pair = f"{quote(branch, safe='')}...{checked(sha)}"
        status, headers, body = self.get(f"/repos/{repository}/compare/{pair}", {"per_page": "1"})
        if status in ABSENT:
            return False  # They have nothing in common.
        found = self.read((status, headers, body), Comparison)
        return found.status in ("identical", "behind")

    def fetch_archive(self, repository: Repository, sha: str, target: Path) -> None:
        """The zip of all files of a commit, at `target`.

        Raises ProblemError: GITHUB_COMMIT_UNKNOWN, GITHUB_ARCHIVE_BAD, GITHUB_ARCHIVE_TOO_LARGE, DISK_FULL.
        """
        headers = {"User-Agent": self._agent, "Accept-Encoding": "identity"}
        secret: dict[str, str] = {}
        if (auth := self.credentials.auth) is not None:
            auth.authentication(secret)
        with Download(f"{self._url}/repos/{repository}/zipball/{checked(sha)}", headers, secret, self._limits) as sent:
            status = sent.ask(self._patience)
            if status in ABSENT_COMMIT:
                raise self._no_commit(repository, sha)
            sent.save(target)

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Raw:
        """The answer to a question."""
        with explained(self.host):
            return self._api.requester.requestJson("GET", path, dict(parameters or {}))

    def send(self, method: str, path: str, content: Mapping[str, object]) -> Raw:
        """The answer to something that GitHub is to write down."""
        with explained(self.host):
            return self._api.requester.requestJson(method, path, input=dict(content))

    def good(self, status: int, headers: Mapping[str, str], body: str) -> str:
        """The body of an answer that says yes. Raises ProblemError for others."""
        if status not in (200, 201):
            raise refusal(self.host, status, headers, body)
        return body

    def read(self, raw: Raw, kind: type[Answer]) -> Answer:
        """What an answer says. Raises ProblemError when it is a refusal, or something else than that."""
        return answers.read(self.good(*raw), kind, self.host)

    def decoded(self, text: str) -> bytes:
        """The bytes that base64 stands for. Raises ProblemError."""
        try:
            return binascii.a2b_base64(text)
        except ValueError:
            raise ProblemError(Code.GITHUB_AWAY, f"{self.host} gave the content of a file in no base64.") from None

    def login(self) -> str:
        """Who our comments are by."""
        return self.credentials.login or self.read(self.get("/user"), UserFound).login

    def _no_commit(self, repository: Repository, ref: str) -> ProblemError:
        return ProblemError(Code.GITHUB_COMMIT_UNKNOWN, f"{repository} at {self.host} has no commit {ref[:200]!r}.")


def checked(sha: str) -> str:
    """The id of a commit, which may be put into an address. Raises ValueError for others."""
    if not SHA.fullmatch(sha):
        raise ValueError(f"{sha!r} is no id of a commit")
    return sha
