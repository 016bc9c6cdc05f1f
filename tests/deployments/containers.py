"""What is deployed in containers: each part with its image, command and environment, wherever that is written."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import yaml
from prefect.utilities.templating import apply_values

from deployments.embedded.service import ROOT
from deployments.pool import template
from openaddr.machines import ECS, KUBERNETES

PLACE = ROOT / "deployments"
COMPOSE, MACHINE, SECRETS = (
    PLACE / "compose.yaml",
    PLACE / "kubernetes/machine.yaml",
    PLACE / "kubernetes/secret.example.yaml",
)
TASKS = sorted(path for path in (PLACE / "ecs").glob("*.json") if path.name != "job-template.json")


@dataclass(frozen=True)
class Part:
    """One container: `place` says where it is described."""

    place: str
    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_ours(self) -> bool:
        """Whether it is our image."""
        return "openaddr-machine" in self.image


def compose() -> dict[str, Any]:
    """The compose file."""
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_bytes())
    return found


def manifests(path: Path) -> list[dict[str, Any]]:
    """The documents of a file for a cluster."""
    return list(yaml.safe_load_all(path.read_bytes()))


def env_file(path: Path) -> dict[str, str]:
    """The variables of a file of `NAME=value`."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def task(path: Path) -> dict[str, Any]:
    """A task definition of ECS."""
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def filled(work_pool: str, variables: Mapping[str, object]) -> dict[str, Any]:
    """The job of a flow run as Prefect makes it: the template with its defaults and what is said of this one."""
    found = template(work_pool)
    names = found["variables"]["properties"]
    defaults = {name: item["default"] for name, item in names.items() if "default" in item}
    own = {"name": "flow-run", "labels": {"prefect.io/flow-run-id": "1"}, "command": "prefect flow-run execute"}
    values = defaults | own | {"env": defaults.get("env", {"PREFECT__FLOW_RUN_ID": "1"})} | dict(variables)
    assert set(values) <= set(names), "what no variable takes would be ignored"
    job: dict[str, Any] = apply_values(found["job_configuration"], values, remove_notset=True)
    return msgspec.convert(job, dict[str, Any])


def parts() -> Iterator[Part]:
    """Every container that we describe."""
    for name, service in compose()["services"].items():
        files = [ROOT / "deployments" / path for path in service.get("env_file", [])]
        known = [env_file(path.with_name("compose.env.example") if path.name == ".env" else path) for path in files]
        environment = {name: value for found in known for name, value in found.items()} | service.get("environment", {})
        yield Part(f"compose.yaml: {name}", service["image"], tuple(service.get("command", ())), environment)
    yield from _of_cluster()
    for path in TASKS:
        (found,) = task(path)["containerDefinitions"]
        names = [*found["environment"], *({"name": item["name"], "value": ""} for item in found["secrets"])]
        environment = {item["name"]: item["value"] for item in names}
        yield Part(f"ecs/{path.name}", found["image"], tuple(found["command"]), environment)
    for pool in (KUBERNETES, ECS):
        yield Part(f"{pool}/job-template.json", template(pool)["variables"]["properties"]["image"]["default"], ())


def _of_cluster() -> Iterator[Part]:
    documents = manifests(MACHINE) + manifests(SECRETS)
    kept = {
        (each["kind"], each["metadata"]["name"]): each.get("data") or each.get("stringData") or {} for each in documents
    }
    for document in documents:
        if document["kind"] not in ("Deployment", "Job"):
            continue
        pod = document["spec"]["template"]["spec"]
        for container in pod.get("initContainers", []) + pod["containers"]:
            environment = {item["name"]: item.get("value", "") for item in container.get("env", [])}
            for source in container.get("envFrom", []):
                kind, word = ("ConfigMap", "configMapRef") if "configMapRef" in source else ("Secret", "secretRef")
                environment |= kept[kind, source[word]["name"]]
            name = f"kubernetes/machine.yaml: {document['metadata']['name']} {container['name']}"
            yield Part(name, container["image"], tuple(container["command"]), environment)
