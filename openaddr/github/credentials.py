"""Who we are to GitHub: nobody, the owner of a token, or an App that a repository has installed."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field

from github import Auth, GithubIntegration
from github.Auth import AppAuth
from jwt import PyJWTError

from openaddr.errors import Code, ProblemError
from openaddr.github.names import Repository
from openaddr.github.refusals import explained
from openaddr.github.waiting import Limits, Patience
from openaddr.settings import Settings


@dataclass(frozen=True)
class Credentials:
    """What to show to GitHub. `login` is who an App's comments are by, '' for a token, whose owner GitHub knows.

    `permissions` are those that an App was given, such as `checks: write`.
    """

    auth: Auth.Auth | None = None
    login: str = ""
    permissions: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_app(self) -> bool:
        """Whether we may write check runs: GitHub lets only Apps do that."""
        return isinstance(self.auth, Auth.AppInstallationAuth)


def credentials(settings: Settings, repository: Repository | None, limits: Limits, host: str) -> Credentials:
    """What the settings have for a repository: an App before a token. Raises ProblemError as `client` does."""
    if settings.github_app_id and repository is not None:
        return _of_app(settings, repository, limits, host)
    return Credentials(Auth.Token(settings.github_token)) if settings.github_token else Credentials()


def _of_app(settings: Settings, repository: Repository, limits: Limits, host: str) -> Credentials:
    ours = _app_auth(settings)
    with explained(host), closing(_integration(settings, ours, limits)) as integration:
        installed = integration.get_repo_installation(repository.owner, repository.name)
        auth = Auth.AppInstallationAuth(ours, installed.id)
        return Credentials(auth, f"{installed.app_slug}[bot]", installed.permissions)


def _app_auth(settings: Settings) -> AppAuth:
    # One line in the environment: there the ends of lines are written as \n.
    auth = Auth.AppAuth(settings.github_app_id, settings.github_app_key.replace("\\n", "\n"))
    try:
        auth.create_jwt()
    except (ValueError, PyJWTError):
        # What is wrong with it may quote it.
        raise ProblemError(Code.GITHUB_REFUSED, "GITHUB_APP_KEY is no private key in PEM form.") from None
    return auth


def _integration(settings: Settings, auth: AppAuth, limits: Limits) -> GithubIntegration:
    return GithubIntegration(
        auth=auth,
        base_url=settings.github_api_url.rstrip("/"),
        timeout=limits.answer_seconds,
        user_agent=settings.user_agent,
        retry=Patience.within(limits, settings.retry_seconds),
    )
