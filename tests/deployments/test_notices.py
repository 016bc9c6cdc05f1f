"""A flow crashes on a real server: its automation has the flow `notice` run, and what is to be told is told once."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient

from demo.servers.files import FileServer
from demo.servers.serving import Response
from deployments import automations, prefect_file
from deployments.setup import PREFECT_FILE, set_up
from openaddr.troubles import MANUAL, Kind
from tests.deployments.conftest import Lives
from tests.deployments.processes import eventually

pytestmark = pytest.mark.timeout(300)

FLOWS = '''
import os
import signal
from prefect import flow
from flows.notice import notice

@flow(name="dies")
async def dies() -> None:
    """Ends as processes do that have no memory left."""
    os.kill(os.getpid(), signal.SIGKILL)
'''
FILE = """
name: dying
deployments:
  - {name: dies, entrypoint: "flows/dying.py:dies", work_pool: {work_queue_name: ci}}
  - name: notice
    entrypoint: flows/dying.py:notice
    work_pool:
      work_queue_name: ci
      job_variables: {env: {OPENADDR_NOTICE_WEBHOOK_URL: "ADDRESS"}}
"""


@pytest.fixture
def told_of(lives: Lives, tmp_path: Path, web: FileServer) -> Iterator[FileServer]:
    """The stack with a flow that dies, and where notices of that are posted."""
    web.responses["/canary"] = Response(b"ok")
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "dying.py").write_text(FLOWS)
    (tmp_path / "prefect.yaml").write_text(FILE.replace("ADDRESS", f"{web.url}/canary"))
    set_up(lives.second.api, tmp_path / "prefect.yaml", 1, notices=True)
    yield web
    set_up(lives.second.api, lives.second.prefect_file, 1)


def crash(client: SyncPrefectClient) -> UUID:
    """Have the flow die; gives the flow run once Prefect knows of its end."""
    found = client.create_flow_run_from_deployment(client.read_deployment_by_name("dies/dies").id).id
    eventually(lambda: client.read_flow_run(found).state_name == "Crashed", 120)
    return found


def test_a_flow_that_crashes_is_told_of_once(client: SyncPrefectClient, told_of: FileServer) -> None:
    crash(client)
    (request, *_) = eventually(lambda: told_of.requests, 120)
    lines = json.loads(request.body)["text"].splitlines()
    assert lines[0] == "*A flow crashed: dies*"
    assert lines[1].startswith("1 flow run of dies crashed or failed within an hour; the last, ")
    assert "-9" in lines[1]
    assert lines[3] == f"{MANUAL}#a-flow-crashed"
    again = crash(client)
    notice = client.read_deployment_by_name("notice/notice").id
    parameters = {"kind": Kind.FLOW_CRASHED.value, "resource": f"prefect.flow-run.{again}"}
    known = client.create_flow_run_from_deployment(notice, parameters=parameters).id
    eventually(lambda: client.read_flow_run(known).state_name == "Known", 120)
    ran = [run for run in client.read_flow_runs() if run.deployment_id == notice]
    assert (len(ran), len(told_of.requests)) == (2, 1), "neither by its automation nor by hand"


def test_an_automation_never_tells_of_the_flow_that_tells() -> None:
    names = [deployment.name for deployment in prefect_file.read(PREFECT_FILE).deployments]
    assert automations.NOTICE in names
    _, crashed, late, _ = automations.wanted(UUID(int=1), names)
    told = crashed.trigger.model_dump(mode="json")["match_related"]["prefect.resource.name"]
    assert set(names) - set(told) == {automations.NOTICE}
    assert late.trigger.model_dump(mode="json")["match_related"]["prefect.resource.name"] == ["batch-set"]


def test_who_does_not_want_to_be_told_has_no_automation_for_that() -> None:
    assert [item.name for item in automations.wanted()] == [f"{automations.PREFIX}silent flow runs have crashed"]
