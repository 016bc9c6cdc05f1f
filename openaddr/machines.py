"""The machine that a size class needs, in the words of each type of work pool: job variables of its flow runs."""

from math import ceil

from openaddr.sizes import SIZE_CLASSES

PROCESS, KUBERNETES, ECS = "process", "kubernetes", "ecs"
WORK_POOLS = (PROCESS, KUBERNETES, ECS)
"""Processes of the machine of the worker, pods of a cluster, tasks of Amazon ECS."""
MIB, GIB = 1 << 20, 1 << 30
MEMORY_STEP, LEAST_DISK, MOST_DISK = 1024, 21, 200
"""Fargate has memory in steps of 1024 MiB, and 21 to 200 GiB of disk."""


def job_variables(work_pool: str, size_class: str) -> dict[str, str | int]:
    """What the base job template of a pool (`deployments/<type>/job-template.json`) is told of a size class.

    Processes share the machine of their worker: there is nothing to be told.
    """
    size = SIZE_CLASSES[size_class]
    if work_pool == KUBERNETES:
        memory, disk = f"{size.machine_memory // 10**6}M", f"{size.machine_disk // 10**9}G"
        return {"cpu": f"{size.cpus:g}", "memory": memory, "ephemeral_storage": disk}
    if work_pool == ECS:
        return {
            "cpu": round(1024 * size.cpus),
            "memory": ceil(size.machine_memory / MIB / MEMORY_STEP) * MEMORY_STEP,
            "ephemeral_storage": min(MOST_DISK, max(LEAST_DISK, ceil(size.machine_disk / GIB))),
        }
    return {}
