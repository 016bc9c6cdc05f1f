"""The only reader of the environment. `.env.defaults` lists every setting with its default and meaning."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from openaddr.machines import PROCESS, WORK_POOLS
from openaddr.sizes import SIZE_CLASSES, SizeClass

GITHUB_API_URL = "https://api.github.com"
LOG_FORMATS = ("text", "json")
TOPIC = re.compile(r"arn:aws[\w-]*:sns:[\w-]+:\d{12}:[\w.-]+")

T = TypeVar("T")


def _secret(default: T, *, only_password: bool = False) -> T:
    """A field that nobody but us may know: it is shown nowhere, and no child that reads strangers' data gets it.

    `only_password`: it is an address of which the password may not be shown, and the rest may.
    """
    found: T = field(default=default, repr=False, metadata={"secret": "password" if only_password else "whole"})
    return found


@dataclass(frozen=True)
class Settings:
    """What an operator may change; a source file never can. Each field is read from `OPENADDR_<NAME>`."""

    allow_hosts: tuple[str, ...] = ()
    """Hosts that may be fetched although they resolve to a private or loopback address."""
    allow_files: tuple[str, ...] = ()
    """Folders whose files a `file:` address may name; none unless an operator says so."""
    user_agent: str = "openaddresses-machine/11 (+https://openaddresses.io)"
    connect_seconds: float = 30.0
    read_seconds: float = 180.0
    retry_seconds: float = 1.0
    """Pause before a request is repeated; it doubles each time."""
    slow_bytes_per_second: float = 500.0
    """A server that sends less, on average over `slow_seconds` of waiting, is given up."""
    slow_seconds: float = 300.0
    esri_connections: int = 4
    """Requests that one download may have open at an ESRI server at once."""
    esri_missing_share: float = 0.0
    """Share of the announced rows that an ESRI server may leave out before the run fails (0 to 1)."""
    max_rejected_share: float = 0.5
    """A run fails when more than this share of its rows is rejected (0 to 1)."""
    regexp_seconds: float = 1.0
    """Time that one value may spend in one regular expression."""
    size_class: str = "large"
    """How much a source may take of time, bytes and memory: small, medium or large (`openaddr/sizes.py`)."""
    download_bytes: int = 0
    """Bytes of one download where that is to be less than the size class allows; 0 = what that allows."""
    allow_unsandboxed: bool = False
    """Work although this machine cannot keep strangers' data in a box."""
    gate_rows_share: float = 0.1
    """A run is held when it has fewer rows than the last good one by more than this share (0 to 1)."""
    gate_fill_share: float = 0.1
    """A run is held when an attribute that matters is filled in a share of rows that is smaller by more than this."""
    gate_outside_share: float = 0.1
    """A run is held when a share of its rows that is larger by more than this lies outside of what it covers."""
    gate_slack_rows: int = 5
    """Rows that a small source may lose whatever their share, but never more than a third."""
    storage_folder: str = ""
    """Folder in which runs are stored; not used when there is a bucket."""
    s3_bucket: str = ""
    """Bucket in which runs are stored. boto3 finds credentials itself, in its usual places."""
    s3_endpoint_url: str = ""
    """Address of a server that speaks S3; Amazon's own when empty."""
    s3_region: str = "us-east-1"
    s3_public_url: str = ""
    """What comes before a key in links to the bucket; the address of the bucket when empty."""
    site_url: str = ""
    """Public address of the site, for canonical links and commands to copy; links between pages are relative."""
    database_url: str = _secret("", only_password=True)
    """Postgres of the record (`postgresql://`), read from DATABASE_URL; '' = the embedded one."""
    prefect_api_url: str = ""
    """API of a Prefect server, read from PREFECT_API_URL; '' = the embedded one."""
    prefect_auth: str = _secret("")
    """What its server wants to hear, as user:password, read from PREFECT_API_AUTH_STRING; '' = nothing."""
    worker_slots: int = 4
    """Flow runs that the worker of this machine has at once."""
    ci_slots: int = 1
    """Flow runs beyond `worker_slots` that only pushes and pull requests may take."""
    batch_slots: int = 2
    """Runs of a set that are worked on at once, where the flow of the set works on them itself."""
    batch_by_fleet: bool = False
    """Whether runs of a set are handed to the workers of the batch queue instead."""
    work_pool: str = PROCESS
    """Where flow runs are started: as processes of the workers, or by a cluster (`openaddr/machines.py`)."""
    job_template: str = ""
    """File with the base job template of the pool instead of ours, for a cluster."""
    sources_folder: str = ""
    """Folder whose source files a set is made of, when its flow is told no other."""
    repositories: tuple[str, ...] = ()
    """Repositories on GitHub that we work for, as owner/name; a set is made of the first when its flow is told no
    other and no folder."""
    github_api_url: str = GITHUB_API_URL
    """API of GitHub or of an Enterprise server, read from GITHUB_API_URL."""
    github_token: str = _secret("")
    """What GitHub knows us by, read from GITHUB_TOKEN; without one there are few requests an hour."""
    github_app_id: str = ""
    """The App on GitHub that we are, read from GITHUB_APP_ID; it takes the place of the token and may write checks."""
    github_app_key: str = _secret("")
    """Private key of the App in PEM form, read from GITHUB_APP_KEY."""
    job_runs: int = 200
    """Layer sources of one push or pull request that are run while its commit is not on the default branch."""
    author_runs: int = 400
    """Such runs that one author has under way at once."""
    job_repeats: int = 10
    """How often one commit is checked within a day."""
    webhook_secrets: tuple[str, ...] = _secret(())
    """What GitHub signs its deliveries with; several while one is replaced by another."""
    webhook_unsigned: bool = False
    """Whether the webhook takes deliveries without a signature when there are no secrets."""
    keep_runs_days: int = 90
    """How long the files of runs are kept that nobody needs; here and below 0 keeps them for ever."""
    keep_jobs_days: int = 365
    """How long the pages of jobs are kept."""
    keep_deliveries_days: int = 90
    """How long deliveries are kept that ask for nothing any more; GitHub delivers again for three days."""
    keep_messages_days: int = 30
    """How long messages are kept that were sent or given up."""
    keep_cache_days: int = 90
    """How long files below `cache/` are kept that no source file names."""
    keep_backups_days: int = 30
    """How long backups are kept; the newest stays for ever."""
    backup_folder: str = ""
    """Folder for backups of the record; not used when there is a bucket for them."""
    backup_bucket: str = ""
    """Bucket for backups of the record, which nobody else may read; at the server of `s3_bucket`, and not that one."""
    log_format: str = "text"
    """How logs are written: text for people, json for programs, one object a line."""
    cloudwatch_namespace: str = ""
    """Where in CloudWatch the numbers of the queues go each minute; '' = nowhere."""
    notice_webhook_url: str = _secret("")
    """Where notices are posted, as Slack takes them; whoever knows it can post there. '' = nowhere."""
    notice_topic: str = ""
    """The ARN of the topic of SNS where notices are published; '' = nowhere."""
    set_late_days: float = 9.0
    """A set is late when none has been completed for so many days; 0 = never."""
    work_folder: str = ""
    """Where flow runs keep what they work on; the system's folder for temporary files when empty."""

    @property
    def size(self) -> SizeClass:
        """The limits of the size class."""
        return SIZE_CLASSES[self.size_class]

    @property
    def download_limit(self) -> int:
        """Bytes that one download may have."""
        return min(self.download_bytes or self.size.download_bytes, self.size.download_bytes)

    def without_secrets(self) -> "Settings":
        """What a child that reads the data of strangers may know."""
        nothing: dict[str, Any] = {item.name: item.default for item in secret_fields()}
        return replace(self, **nothing)


def secret_fields() -> list[Field[Any]]:
    """The fields that are secret."""
    return [item for item in fields(Settings) if item.metadata.get("secret")]


def secrets_in(settings: Settings) -> Iterator[tuple[str, str]]:
    """Every secret that is set, after the variable that it is in; of an address only the password, in both writings."""
    for item in secret_fields():
        value = getattr(settings, item.name)
        for text in value if isinstance(value, tuple) else (value,):
            is_address = item.metadata["secret"] == "password"
            for secret in sorted((_passwords(text) if is_address else {text}) - {""}):
                yield variable(item.name), secret


def _passwords(address: str) -> set[str]:
    """The password in `postgresql://user:password@host/database`, as it stands there and as it is."""
    try:
        found = urlsplit(address).password or ""
    except ValueError:
        return {address}
    return {found, unquote(found)}


def secret_values(settings: Settings, environment: Mapping[str, str] = os.environ) -> frozenset[str]:
    """Every text that nobody else may read: the secrets of our settings, and those that boto3 finds for itself."""
    found = {secret for _, secret in secrets_in(settings)}
    # Of a name and a password the second alone is a secret, too.
    found.add(settings.prefect_auth.partition(":")[2])
    return frozenset(found | {environment.get(name, "") for name in OF_BOTO3}) - {""}


SWITCHES = {"": False, "0": False, "no": False, "false": False, "1": True, "yes": True, "true": True}

OF_BOTO3 = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
BARE = {
    "database_url": "DATABASE_URL",
    "github_api_url": "GITHUB_API_URL",
    "github_token": "GITHUB_TOKEN",
    "github_app_id": "GITHUB_APP_ID",
    "github_app_key": "GITHUB_APP_KEY",
    "prefect_api_url": "PREFECT_API_URL",
    "prefect_auth": "PREFECT_API_AUTH_STRING",
    "s3_bucket": "S3_BUCKET",
}
"""Settings that other programs read too, by the name that those know."""


def variable(name: str) -> str:
    """The environment variable of a field of `Settings`."""
    return BARE.get(name, f"OPENADDR_{name.upper()}")


class SettingError(ValueError):
    """A setting cannot be read: the message names the variable, its value and what it should be."""


def _read(name: str, text: str, like: object) -> object:
    if isinstance(like, tuple):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if isinstance(like, bool):
        if text.lower() not in SWITCHES:
            raise SettingError(f"{name} is {text!r}, but has to be one of {', '.join(SWITCHES)}")
        return SWITCHES[text.lower()]
    if isinstance(like, (int, float)):
        try:
            return type(like)(text)
        except ValueError:
            raise SettingError(f"{name} is {text!r}, but has to be a number, such as {like}") from None
    return text


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the environment; what is absent keeps its default. Raises SettingError."""
    defaults = Settings()
    found: dict[str, object] = {}
    for item in fields(Settings):
        name = variable(item.name)
        if name in environment:
            found[item.name] = _read(name, environment[name], getattr(defaults, item.name))
    settings = Settings(**found)  # type: ignore[arg-type]
    if settings.size_class not in SIZE_CLASSES:
        known = ", ".join(SIZE_CLASSES)
        raise SettingError(f"OPENADDR_SIZE_CLASS is {settings.size_class!r}, but has to be one of {known}")
    if settings.log_format not in LOG_FORMATS:
        raise SettingError(f"OPENADDR_LOG_FORMAT is {settings.log_format!r}, but has to be {' or '.join(LOG_FORMATS)}")
    _check_notices(settings)
    if settings.work_pool not in WORK_POOLS:
        known = ", ".join(WORK_POOLS)
        raise SettingError(f"OPENADDR_WORK_POOL is {settings.work_pool!r}, but has to be one of {known}")
    if not re.fullmatch(r"https?://[\w.\[\]:-]+(/[!-~]*)?", settings.github_api_url):
        raise SettingError(f"GITHUB_API_URL is {settings.github_api_url!r}, but has to be like {GITHUB_API_URL}")
    for name in (item.name for item in fields(Settings) if item.name.startswith("keep_")):
        if getattr(settings, name) < 0:
            raise SettingError(f"{variable(name)} is {getattr(settings, name)}, but has to be days, or 0 for ever")
    if settings.backup_bucket and settings.backup_bucket == settings.s3_bucket:
        raise SettingError("OPENADDR_BACKUP_BUCKET is S3_BUCKET, which the public reads: backups need one of their own")
    if not re.fullmatch(r"[!-~]*", settings.github_token):
        raise SettingError("GITHUB_TOKEN has spaces or characters that no token has")
    if not all(re.fullmatch(r"[ -~]+", secret) for secret in settings.webhook_secrets):
        raise SettingError("OPENADDR_WEBHOOK_SECRETS has characters that are not ASCII")
    return settings


def _check_notices(settings: Settings) -> None:
    """Raise SettingError where notices cannot go, without the address, which is a secret."""
    if not re.fullmatch(r"(https?://[\w.\[\]:-]+/[!-~]*)?", settings.notice_webhook_url):
        raise SettingError(
            "OPENADDR_NOTICE_WEBHOOK_URL has to be an address such as https://hooks.slack.com/services/…"
        )
    if settings.notice_topic and not TOPIC.fullmatch(settings.notice_topic):
        example = "arn:aws:sns:us-east-1:123456789012:notices"
        raise SettingError(f"OPENADDR_NOTICE_TOPIC is {settings.notice_topic!r}, but has to be like {example}")
