"""The flows as Prefect runs them, against a server of its own."""

import json
import re
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

from demo.servers.serving import Response
from flows import following
from flows.batch_set import batch_set, begin
from flows.publish_site import publish_site
from flows.source_run import source_run
from flows.sweep import broken_off, sweep
from openaddr.db import outbox, runs, sets
from openaddr.db.records import RunStatus
from tests.flows.conftest import SOURCE, Town, state_of

# Clients of Prefect leave their connections to the garbage collector.
pytestmark = [
    pytest.mark.usefixtures("prefect", "connections_of_prefect"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


def sources(town: Town, folder: Path) -> Path:
    """A repository with a good source, one that fails, one to skip, and one that is no JSON."""
    root = folder / "repository"
    good = json.loads(town.source())
    texts = {"xx/town": good, "xx/gone": json.loads(json.dumps(good).replace("a.csv", "gone.csv"))}
    skipped = json.loads(json.dumps(good))
    skipped["layers"]["addresses"][0]["skip"] = True
    for name, text in (texts | {"xx/skipped": skipped}).items():
        path = root / "sources" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(text))
    (root / "sources" / "xx" / "broken.json").write_text("{")
    return root


def statuses(town: Town, set_id: int) -> dict[str, str]:
    with town.opened.pool.connection() as conn:
        return {run.source_id: run.status.value for run in runs.of_set(conn, set_id)}


EXPECTED = {"xx/town": "succeeded", "xx/gone": "failed", "xx/skipped": "skipped", "xx/broken": "failed"}


def test_a_set_runs_every_source_and_completes(town: Town, tmp_path: Path) -> None:
    state = state_of(batch_set, str(sources(town, tmp_path)))
    assert state.is_completed()
    with town.opened.pool.connection() as conn:
        found = sets.latest_complete(conn, "repository")
    assert found is not None
    assert statuses(town, found.id) == EXPECTED
    assert state.message == f"Set {found.id} of repository: 1 succeeded, 2 failed, 1 skipped."
    assert town.latest is not None


def test_a_set_that_wasbroken_off_goes_on(town: Town, tmp_path: Path) -> None:
    root = sources(town, tmp_path)
    with town.opened.pool.connection() as conn:
        begun = sets.start(conn, "repository", "0" * 40)
    assert begun is not None
    state_of(batch_set, str(root))
    assert statuses(town, begun.id) == EXPECTED


def test_a_set_whose_flow_died_is_gone_on_with_by_its_number(town: Town, tmp_path: Path) -> None:
    root = sources(town, tmp_path)
    begun = begin(town.opened, "repository", root, fresh=False)
    assert begun is not None
    with town.opened.pool.connection() as conn:
        first, *_ = runs.undispatched(conn, 1, begun.id)
        runs.mark_dispatched(conn, first.id)
        conn.execute("update runs set dispatched_at = dispatched_at - interval '1h' where id = %s", [first.id])
    assert [found.id for found in broken_off(town.opened)] == [begun.id]
    with town.opened.pool.connection() as holding:
        assert sets.hold(holding, "repository")
        assert broken_off(town.opened) == [], "somebody works on it"
        holding.execute("select pg_advisory_unlock_all()")
    state = state_of(batch_set, set_id=begun.id)
    assert state.is_completed()
    assert statuses(town, begun.id) == EXPECTED
    assert state_of(batch_set, set_id=begun.id).name == "Left"


def test_of_two_sets_at_once_the_second_leaves(town: Town, tmp_path: Path) -> None:
    root = sources(town, tmp_path)
    with town.opened.pool.connection() as conn:
        assert sets.hold(conn, "repository")
        conn.commit()
        state = state_of(batch_set, str(root))
        assert (state.name, state.is_completed()) == ("Left", True)


def test_the_next_set_reuses_what_is_the_same_unless_it_is_told_not_to(town: Town, tmp_path: Path) -> None:
    root = sources(town, tmp_path)
    state_of(batch_set, str(root))
    town.web.requests.clear()
    state_of(batch_set, str(root))
    assert [request.path for request in town.web.requests].count("/a.csv") == 0
    state_of(batch_set, str(root), fresh=True)
    assert [request.path for request in town.web.requests].count("/a.csv") == 1


def test_a_source_run_says_in_a_word_how_it_ended(town: Town) -> None:
    good = state_of(source_run, town.queued())
    assert (good.name, good.is_completed()) == ("Succeeded", True)
    assert good.message == "xx/town addresses town: succeeded, 100 rows"
    town.web.responses["/a.csv"] = Response(status=404)
    failed = state_of(source_run, town.queued())
    assert (failed.name, failed.is_completed()) == ("Failed", True)
    assert failed.message is not None and "HTTP_404" in failed.message
    town.web.responses.clear()
    done = town.run()
    assert state_of(source_run, done.id).name == "Left"


def test_a_run_shows_how_far_it_is_while_it_lasts(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "FOLLOW_SECONDS", 0.05)
    monkeypatch.setenv("OPENADDR_READ_SECONDS", "1")
    town.publish(50_000)
    town.web.cuts, town.web.silence_after_cut = [500_000], True
    run_id = town.queued()
    assert state_of(source_run, run_id).name == "Succeeded"
    wanted = ArtifactFilter(key=ArtifactFilterKey(any_=[f"run-{run_id}-progress"]))
    with get_client(sync_client=True) as client:
        (shown,) = client.read_artifacts(artifact_filter=wanted)
    assert shown.description
    assert re.match(r"(download|unpack|conform|outputs): [0-9,]+", shown.description)


def test_the_sweep_closes_what_dead_workers_had_and_sends_what_was_not_sent(town: Town) -> None:
    run_id = town.queued()
    with town.opened.pool.connection() as conn:
        for _ in range(runs.ATTEMPTS):
            assert runs.claim(conn, run_id, "dead", None, 60, 60)
            conn.execute("update runs set lease_until = clock_timestamp() - interval '1s' where id = %s", [run_id])
            runs.release_expired(conn)
        outbox.put(conn, "site", "site", {})
        outbox.put(conn, "latest", "999", {"run": 999})
    assert town.row(run_id).status is RunStatus.LOST
    state = state_of(sweep)
    assert state.message is not None and "1 messages sent, 1 failed" in state.message
    with town.opened.storage.open("site/index.html") as file:
        assert b"RUN_LOST" in file.read()


def test_the_page_of_runs_shows_what_the_record_says_and_escapes_it(town: Town) -> None:
    first = town.run()
    town.run()
    town.run(name="<script>alert(1)</script>")
    state_of(publish_site)
    with town.opened.storage.open("site/index.html") as file:
        page = file.read().decode()
    assert "100" in page and SOURCE in page and "NAME_UNKNOWN" in page
    assert f"succeeded, the data has not changed since run {first.id}" in page
    assert "<script>" not in page and "&lt;script&gt;" in page
