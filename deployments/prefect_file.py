"""`prefect.yaml`, the one source of what is deployed, as records. A key that we would ignore is refused."""

from pathlib import Path
from typing import Any, Literal

import msgspec

from openaddr.errors import Code, ProblemError


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a deployment runs by itself: `cron` in a time zone, or every `interval` seconds."""

    slug: str
    cron: str = ""
    interval: float = 0
    timezone: str = "UTC"
    active: bool = True
    parameters: dict[str, Any] = msgspec.field(default_factory=dict)


class Concurrency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many runs of a deployment go on at once, and what becomes of the next one."""

    limit: int
    collision_strategy: Literal["ENQUEUE", "CANCEL_NEW"] = "ENQUEUE"


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The queue whose workers run it, and on what."""

    work_queue_name: str
    name: Literal["machine"] = "machine"
    size_class: Literal["small", "medium", "large"] = "small"
    """What machine it needs where each flow run has one of its own (`openaddr/sizes.py`)."""
    job_variables: dict[str, Any] = msgspec.field(default_factory=dict)


class Deployment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One deployment: `entrypoint` is `path/of/file.py:function`, relative to the file's folder."""

    name: str
    entrypoint: str
    work_pool: Place
    description: str = ""
    tags: list[str] = msgspec.field(default_factory=list)
    parameters: dict[str, Any] = msgspec.field(default_factory=dict)
    schedules: list[Schedule] = msgspec.field(default_factory=list)
    concurrency_limit: Concurrency | None = None


class PrefectFile(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"prefect_version": "prefect-version"}
):
    """The whole file."""

    name: str
    deployments: list[Deployment]
    prefect_version: str = ""


def read(path: Path) -> PrefectFile:
    """Read `prefect.yaml`. Raises ProblemError with the place of what is wrong in it."""
    try:
        return msgspec.yaml.decode(path.read_bytes(), type=PrefectFile)
    except (OSError, msgspec.DecodeError) as error:
        raise ProblemError(Code.DEPLOYMENT_INVALID, f"{path} cannot be used: {error}.") from error
