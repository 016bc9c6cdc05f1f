"""Settings from the environment."""

from pathlib import Path

import pytest

from openaddr.journey import Journey
from openaddr.run import Run
from openaddr.settings import SettingError, load
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
