"""What cannot be started here is read: by its schema, by a linter, and by what our commands and settings say."""

import json
import re
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Any

import botocore.session
import jsonschema
import kubernetes_validate
import prefect
import pytest
from botocore.validate import ParamValidator

from deployments.embedded.prefect_server import CLIENT, SERVER
from deployments.embedded.service import ROOT
from deployments.queues import POOL, QUEUES
from openaddr import __version__, settings
from openaddr.machines import ECS, KUBERNETES, job_variables
from openaddr.settings import Settings
from openaddr.sizes import SIZE_CLASSES
from tests.deployments.containers import (
    MACHINE,
    SECRETS,
    TASKS,
    Part,
    compose,
    env_file,
    filled,
    manifests,
    parts,
    task,
)

PARTS = {part.place: part for part in parts()}
OURS = {place: part for place, part in PARTS.items() if part.is_ours and part.command}
ONCE = {"bucket", "migrate", "deploy"}
"""Services that end when they are done."""
CLUSTER = "1.33"


def test_the_dockerfile_has_no_finding() -> None:
    linter = Path(sysconfig.get_path("scripts"), "hadolint")
    found = subprocess.run([linter, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


def test_an_image_is_made_of_what_is_locked_and_is_not_root() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    installs = re.findall(r"-m pip install (.*)", text)
    assert installs and all("--require-hashes" in line or "--no-index" in line for line in installs)
    assert re.findall(r"^USER (.*)", text, re.M) == ["1000"]
    assert set(re.findall(r"https?://([^/:\"]+)", text)) == {"127.0.0.1"}
    said = dict(re.findall(r"^ {4}(\w+)=(\S+)", text.partition("ENV ")[2].replace("PYTHON", "    PYTHON", 1), re.M))
    assert CLIENT.items() <= said.items()


def test_the_compose_file_is_one() -> None:
    schema = files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json").read_bytes()
    jsonschema.validate(compose(), json.loads(schema))


@pytest.mark.parametrize("path", [MACHINE, SECRETS], ids=lambda path: path.name)
def test_every_document_for_a_cluster_is_as_the_cluster_wants_it(path: Path) -> None:
    documents = manifests(path)
    for document in documents:
        kubernetes_validate.validate(document, CLUSTER, strict=True)
    assert all(each["kind"] == "Namespace" or each["metadata"]["namespace"] == "openaddr" for each in documents)


@pytest.mark.parametrize("size_class", SIZE_CLASSES)
def test_a_pod_of_a_flow_run_is_one_and_has_what_its_size_class_says(size_class: str) -> None:
    variables = job_variables(KUBERNETES, size_class)
    job = filled(KUBERNETES, variables)["job_manifest"]
    # The worker of Prefect makes lists of these, and leaves out what has no value.
    (container,) = job["spec"]["template"]["spec"]["containers"]
    container["args"] = container["args"].split()
    container["env"] = [{"name": name, "value": value} for name, value in container["env"].items()]
    kubernetes_validate.validate(job, CLUSTER, strict=True)
    wanted = {"memory": variables["memory"], "ephemeral-storage": variables["ephemeral_storage"]}
    assert container["resources"] == {"limits": wanted, "requests": wanted | {"cpu": variables["cpu"]}}
    assert not re.search("{{ ", json.dumps(job))


def refused(operation: str, request: Mapping[str, Any]) -> str:
    """What Amazon's own description has against a request."""
    shape = botocore.session.get_session().get_service_model("ecs").operation_model(operation).input_shape
    assert shape is not None
    return str(ParamValidator().validate(request, shape).generate_report())


@pytest.mark.parametrize("path", TASKS, ids=lambda path: path.stem)
def test_a_task_definition_is_one(path: Path) -> None:
    assert refused("RegisterTaskDefinition", task(path)) == ""


@pytest.mark.parametrize("size_class", SIZE_CLASSES)
def test_a_task_of_a_flow_run_is_one_and_has_what_its_size_class_says(size_class: str) -> None:
    variables = job_variables(ECS, size_class)
    job = filled(ECS, variables)
    definition, request = job["task_definition"], job["task_run_request"] | {"taskDefinition": "family"}
    # Prefect writes numbers as the text that Amazon takes, and makes lists of these.
    for place in (definition, request["overrides"]):
        place |= {"cpu": str(place["cpu"]), "memory": str(place["memory"])}
    (override,) = request["overrides"]["containerOverrides"]
    override["command"] = override["command"].split()
    override["environment"] = [{"name": name, "value": value} for name, value in override["environment"].items()]
    request["tags"] = [{"key": key, "value": value} for key, value in request["tags"].items()]
    assert refused("RegisterTaskDefinition", definition) == "" and refused("RunTask", request) == ""
    assert definition["ephemeralStorage"] == {"sizeInGiB": variables["ephemeral_storage"]}
    assert (definition["cpu"], definition["memory"]) == (str(variables["cpu"]), str(variables["memory"]))


def test_what_is_wrong_with_a_task_or_a_pod_is_seen() -> None:
    assert 'Unknown parameter in input: "flavour"' in refused("RegisterTaskDefinition", {"flavour": 1})
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(
            {"apiVersion": "v1", "kind": "Service", "spec": {"ports": 1}}, CLUSTER, strict=True
        )


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_every_image_has_a_version_and_ours_is_that_of_the_package(part: Part) -> None:
    tag = part.image.rpartition(":")[2]
    if part.is_ours:
        assert tag == __version__
    elif "prefecthq/prefect" in part.image:
        assert tag.split("-")[0] == prefect.__version__
    else:
        assert re.search(r"\d", tag) and "latest" not in tag


def test_nothing_but_the_site_and_the_webhook_can_be_reached_from_elsewhere() -> None:
    services = compose()["services"].items()
    published = {name: port for name, service in services for port in service.get("ports", [])}
    assert {name for name, port in published.items() if not port.startswith("127.0.0.1:")} == {"site", "webhook"}


def test_services_start_once_what_they_need_is_there_and_start_again() -> None:
    services = compose()["services"]
    for name, service in services.items():
        is_watched = not service.get("healthcheck", {"disable": True}).get("disable")
        assert is_watched is (name not in ONCE), name
        assert service["restart"] == ("on-failure" if name in ONCE else "unless-stopped")
        for needed, how in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if needed in ONCE else "service_healthy"
            assert how["condition"] == expected, (name, needed)
    named = {
        name
        for service in services.values()
        for name in (volume.split(":")[0] for volume in service.get("volumes", []))
    }
    assert {name for name in named if not name.startswith(".")} == set(compose()["volumes"])


def test_every_queue_has_a_worker() -> None:
    commands = [
        part.command for place, part in PARTS.items() if place.startswith("compose") and "worker" in part.command
    ]
    assert {command[command.index("--work-queue") + 1] for command in commands} == {queue.name for queue in QUEUES}
    assert all(command[command.index("--pool") + 1] == POOL for command in commands)


NEEDED = {
    "deploy": {"prefect_api_url"},
    "migrate": {"database_url"},
    "bucket": {"s3_bucket"},
    "webhook": {"database_url", "prefect_api_url", "webhook_secrets", "repositories"},
    "worker": {"database_url", "prefect_api_url", "s3_bucket", "batch_by_fleet", "work_folder", "site_url"},
}
"""What a part cannot do without."""


@pytest.mark.parametrize(
    "place", [place for place, part in OURS.items() if "server" not in part.command and "sh" not in part.command]
)
def test_a_part_of_ours_is_told_the_settings_it_needs_and_all_of_them_can_be_read(place: str) -> None:
    environment = dict(OURS[place].environment)
    kind = next(name for name in NEEDED if name in place.split(":")[-1].replace("ecs/", ""))
    assert {settings.variable(name) for name in NEEDED[kind]} <= set(environment)
    read = settings.load(environment)
    assert read.batch_by_fleet and read.work_pool == (
        KUBERNETES if "kubernetes" in place else ECS if "ecs" in place else "process"
    )
    told = {name for name in environment if name.startswith("OPENADDR_")}
    assert told <= {settings.variable(name) for name in vars(Settings())}, "a setting that nobody reads"


def test_compose_gives_every_setting_that_there_is() -> None:
    every = set(env_file(ROOT / ".env.defaults"))
    for name, service in compose()["services"].items():
        if "openaddr-machine" in service["image"]:
            assert every <= set(PARTS[f"compose.yaml: {name}"].environment), name


@pytest.mark.parametrize("place", [place for place, part in PARTS.items() if "server" in part.command])
def test_a_prefect_server_is_told_what_it_is_told_on_one_machine(place: str) -> None:
    environment = PARTS[place].environment
    ours = {name: value for name, value in SERVER.items() if name not in CLIENT}
    assert ours.items() <= environment.items()
    assert "PREFECT_SERVER_DATABASE_CONNECTION_URL" in environment


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment in which our package is installed as in the image, next to the same libraries."""
    place = tmp_path_factory.mktemp("image")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place / "wheels")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    venv.create(place / "env", with_pip=False)
    scripts = place / "env" / "bin"
    (library,) = (place / "env" / "lib").glob("python*/site-packages")
    install = [sys.executable, "-m", "pip", "--python", str(scripts / "python"), "install", "--quiet", "--no-deps"]
    (wheel,) = (place / "wheels").glob("*.whl")
    subprocess.run([*install, "--no-index", str(wheel)], check=True, capture_output=True)
    (library / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    (scripts / "prefect").symlink_to(Path(sysconfig.get_path("scripts"), "prefect"))
    return scripts


def asked(scripts: Path, command: tuple[str, ...]) -> tuple[int, str]:
    """A command with `--help` for its options, in an environment and a folder that have nothing of this checkout."""
    bare = command[: next((at for at, word in enumerate(command) if word.startswith("-") and at > 1), len(command))]
    name, *rest = bare
    line = [str(scripts / name), *rest] if name == "openaddr" else [str(scripts / "python"), "-m", name, *rest]
    environment = {
        "PATH": str(scripts),
        "COLUMNS": "200",
        "NO_COLOR": "1",
        "HOME": str(scripts),
        "PREFECT_HOME": str(scripts),
    }
    done = subprocess.run([*line, "--help"], cwd=scripts, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_commands_of_all_containers_are_there_with_their_options(elsewhere: Path) -> None:
    commands = {part.command for part in PARTS.values() if part.command[:1] in (("openaddr",), ("prefect",))}
    assert len({command[:3] for command in commands}) >= 5
    with ThreadPoolExecutor(2) as pool:
        unique = sorted({command[: 3 if command[0] == "openaddr" else 4] for command in commands})
        answers = dict(zip(unique, pool.map(lambda command: asked(elsewhere, command), unique), strict=True))
    for command in commands:
        code, text = answers[command[: 3 if command[0] == "openaddr" else 4]]
        assert code == 0, text
        for option in (word for word in command if word.startswith("--") and word != "--no-prompt"):
            assert option in text, f"{command} has {option}"


@pytest.mark.parametrize(
    ("command", "expected", "told"),
    [
        (["-m", "deployments.bucket"], 6, "S3_BUCKET is not set"),
        (["-m", "deployments.alive", "http://127.0.0.1:9/health"], 1, "does not answer 200"),
        (["-m", "openaddr", "deploy"], 6, "PREFECT_API_URL is not set"),
        (["-m", "openaddr", "webhook"], 6, "OPENADDR_WEBHOOK_SECRETS"),
        (["-c", "from deployments.setup import PREFECT_FILE; print(PREFECT_FILE.is_file())"], 0, "True"),
    ],
)
def test_what_containers_run_works_where_the_package_is_installed(
    elsewhere: Path, command: list[str], expected: int, told: str
) -> None:
    environment = {"DATABASE_URL": "postgresql://127.0.0.1:9/x", "HOME": str(elsewhere)}
    line = [str(elsewhere / "python"), *command]
    done = subprocess.run(line, cwd=elsewhere, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, told in done.stdout + done.stderr) == (expected, True), done.stderr
