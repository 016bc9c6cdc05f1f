"""Settings from the environment."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from openaddr.journey import Journey
from openaddr.run import Run
from openaddr.settings import SettingError, Settings, load, secret_fields, secrets_in, variable
from openaddr.source.model import LayerSource
from openaddr.source.parse import read_source
from openaddr.stages import Options


def test_whole_numbers_are_read() -> None:
    assert load({"OPENADDR_ESRI_CONNECTIONS": "2"}).esri_connections == 2


@pytest.mark.parametrize("text", ["", "two", "2.5"])
def test_what_is_no_whole_number_is_said(text: str) -> None:
    with pytest.raises(SettingError, match=r"OPENADDR_ESRI_CONNECTIONS.*such as 4"):
        load({"OPENADDR_ESRI_CONNECTIONS": text})


@pytest.mark.parametrize("url", ["https://api.github.com", "http://127.0.0.1:8080", "https://github.example/api/v3"])
def test_the_address_of_an_api_is_taken(url: str) -> None:
    assert load({"GITHUB_API_URL": url}).github_api_url == url


@pytest.mark.parametrize(
    "url", ["", "api.github.com", "file:///etc/passwd", "https://", "https://me:secret@x", "https://a b"]
)
def test_what_is_no_address_of_an_api_is_said(url: str) -> None:
    with pytest.raises(SettingError, match=r"GITHUB_API_URL.*has to be like https://api\.github\.com"):
        load({"GITHUB_API_URL": url})


def test_a_token_that_can_be_none_is_said_without_it() -> None:
    with pytest.raises(SettingError, match="GITHUB_TOKEN has spaces") as caught:
        load({"GITHUB_TOKEN": "ghp_secret\nX-Evil: 1"})
    assert "secret" not in str(caught.value)


def test_secrets_are_not_shown_and_not_given_to_children(tmp_path: Path) -> None:
    settings = load({"DATABASE_URL": "postgresql://me:secret@db/openaddr", "GITHUB_TOKEN": "ghp_secret"})
    assert "secret" not in repr(settings)
    path = tmp_path / "town.json"
    path.write_text('{"schema": 2, "coverage": {}, "layers": {"addresses": [{"name": "town", "skip": true}]}}')
    source = read_source(path)
    entry = source.entries[0]
    assert isinstance(entry, LayerSource)
    journey = Journey(source, entry, Run("town", "addresses", "town"), tmp_path, tmp_path, Options(), settings)
    assert "secret" in settings.database_url
    assert journey.settings.database_url == journey.box.settings.database_url == ""
    assert journey.settings.github_token == journey.box.settings.github_token == ""


def test_secrets_of_the_webhook_are_a_list_that_is_not_shown_and_no_child_knows() -> None:
    found = load({"OPENADDR_WEBHOOK_SECRETS": "new canary, canary", "OPENADDR_WEBHOOK_UNSIGNED": "true"})
    assert found.webhook_secrets == ("new canary", "canary") and found.webhook_unsigned
    assert "canary" not in repr(found) and found.without_secrets().webhook_secrets == ()


def test_a_secret_that_nobody_can_type_at_github_is_refused() -> None:
    with pytest.raises(SettingError, match="OPENADDR_WEBHOOK_SECRETS has characters that are not ASCII"):
        load({"OPENADDR_WEBHOOK_SECRETS": "good,g\udcffd"})


def test_a_work_pool_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(
        SettingError, match="OPENADDR_WORK_POOL is 'mesos', but has to be one of process, kubernetes, ecs"
    ):
        load({"OPENADDR_WORK_POOL": "mesos"})


PUBLIC = {
    "mapbox_user",
    "mapbox_tileset",
    "mapbox_api_url",
    "mapbox_s3_endpoint_url",
    "allow_files",
    "allow_hosts",
    "allow_unsandboxed",
    "author_runs",
    "backup_bucket",
    "backup_folder",
    "batch_by_fleet",
    "batch_slots",
    "ci_slots",
    "cloudwatch_namespace",
    "connect_seconds",
    "download_bytes",
    "esri_connections",
    "esri_missing_share",
    "gate_fill_share",
    "gate_outside_share",
    "gate_rows_share",
    "gate_slack_rows",
    "github_api_url",
    "github_app_id",
    "job_repeats",
    "job_runs",
    "job_template",
    "keep_backups_days",
    "keep_cache_days",
    "keep_deliveries_days",
    "keep_jobs_days",
    "keep_messages_days",
    "keep_runs_days",
    "log_format",
    "max_rejected_share",
    "notice_topic",
    "prefect_api_url",
    "read_seconds",
    "regexp_seconds",
    "repositories",
    "retry_seconds",
    "s3_bucket",
    "s3_endpoint_url",
    "s3_public_url",
    "s3_region",
    "set_late_days",
    "site_url",
    "size_class",
    "slow_bytes_per_second",
    "slow_seconds",
    "sources_folder",
    "storage_folder",
    "user_agent",
    "webhook_unsigned",
    "work_folder",
    "work_pool",
    "worker_slots",
}
"""Settings that anybody may know. A new one is either here or made by `_secret` in settings.py: think about which."""


def test_every_setting_says_whether_it_is_a_secret() -> None:
    secret = {item.name for item in secret_fields()}
    assert secret | PUBLIC == {item.name for item in fields(Settings)}
    assert secret & PUBLIC == set()


def test_no_secret_is_shown_or_given_to_a_child_whatever_settings_there_are() -> None:
    canaries = {item.name: f"canary-{item.name}" for item in secret_fields()}
    values: dict[str, Any] = {
        item.name: (canaries[item.name],) if item.default == () else canaries[item.name] for item in secret_fields()
    }
    found = Settings(**values)
    assert "canary" not in repr(found)
    assert found.without_secrets() == Settings()
    assert {name for name, _ in secrets_in(found)} == {variable(name) for name in canaries} - {"DATABASE_URL"}


def test_of_an_address_only_the_password_is_a_secret() -> None:
    found = Settings(database_url="postgresql://me:p%40ss@db/openaddr")
    assert list(secrets_in(found)) == [("DATABASE_URL", "p%40ss"), ("DATABASE_URL", "p@ss")]
    assert list(secrets_in(Settings(database_url="postgresql://db/openaddr"))) == []
