"""What the Prefect server does by itself when flow runs die, sets are late, or nobody takes from a queue.

A server of one's own comes with no automation at all.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState, RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

from deployments.queues import POOL
from openaddr.troubles import OPEN_SET_SECONDS, Kind

PREFIX = "machine: "
"""Automations whose name begins so are ours: those that are not wanted any more are removed."""
SILENCE = timedelta(seconds=90)
"""Three heartbeats (PREFECT_FLOWS_HEARTBEAT_FREQUENCY is 30)."""
HEARTBEAT = "prefect.flow-run.heartbeat"
STARTED = "prefect.flow-run.Running"
ENDS = ("Completed", "Left", "Failed", "Crashed", "Cancelled", "TimedOut")
"""The names of states in which a flow run of a set ends."""
NOTICE = "notice"
PAUSE, UNWATCHED = timedelta(hours=1), timedelta(minutes=5)
FLOW_RUNS = ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"})


def wanted(notice: UUID | None = None, flows: Sequence[str] = ()) -> list[AutomationCore]:
    """The automations: with the id of the deployment `notice`, also those that have it told what happens to `flows`."""
    return [_zombies(), *(_told(notice, flows) if notice else [])]


def _zombies() -> AutomationCore:
    return AutomationCore(
        name=f"{PREFIX}silent flow runs have crashed",
        description="A flow run that has begun and then says nothing at all is dead: its process was killed.",
        trigger=EventTrigger(
            match=FLOW_RUNS,
            for_each={"prefect.resource.id"},
            # The server itself tells of the beginning: a process may die before its first heartbeat.
            after={HEARTBEAT, STARTED},
            # The next heartbeat, or whatever state it has ended with.
            expect={"prefect.flow-run.*"},
            posture=Posture.Proactive,
            threshold=1,
            within=SILENCE,
        ),
        actions=[
            ChangeFlowRunState(
                name=None, state=StateType.CRASHED, message=f"No heartbeat for {SILENCE.seconds} seconds.", force=False
            )
        ],
    )


def _told(notice: UUID, flows: Sequence[str]) -> list[AutomationCore]:
    """What is told: never of `notice` itself, or one that crashes would be told of by the next."""
    crashed = EventTrigger(
        # The names of states are ours, their types are Prefect's: a run that ended as Failed is no flow that did.
        match=ResourceSpecification(FLOW_RUNS.root | {"prefect.state-type": ["CRASHED", "FAILED"]}),
        match_related=_of_flows([flow for flow in flows if flow != NOTICE]),
        for_each={"related:flow:prefect.resource.id"},
        expect={"prefect.flow-run.*"},
        posture=Posture.Reactive,
        threshold=1,
        # At once, and then not again for so long.
        within=PAUSE,
    )
    late = EventTrigger(
        match=FLOW_RUNS,
        match_related=_of_flows(["batch-set"]),
        for_each={"prefect.resource.id"},
        after={STARTED},
        expect={f"prefect.flow-run.{name}" for name in ENDS},
        posture=Posture.Proactive,
        threshold=1,
        within=timedelta(seconds=OPEN_SET_SECONDS),
    )
    unwatched = EventTrigger(
        match=ResourceSpecification({"prefect.resource.id": "prefect.work-queue.*"}),
        match_related=ResourceSpecification({"prefect.resource.role": "work-pool", "prefect.resource.name": POOL}),
        for_each={"prefect.resource.id"},
        after={"prefect.work-queue.not-ready"},
        expect={"prefect.work-queue.ready"},
        posture=Posture.Proactive,
        threshold=1,
        # A worker that is started again takes a minute.
        within=UNWATCHED,
    )
    triggers = {Kind.FLOW_CRASHED: crashed, Kind.SET_LATE: late, Kind.QUEUE_UNWATCHED: unwatched}
    return [
        AutomationCore(
            name=f"{PREFIX}tell when {kind.replace('-', ' ')}",
            description="Runs the deployment `notice`; where notices go is in the settings of its worker.",
            trigger=trigger,
            actions=[
                RunDeployment(
                    source="selected",
                    deployment_id=notice,
                    parameters={"kind": kind.value, "resource": "{{ event.resource.id }}"},
                    job_variables=None,
                )
            ],
        )
        for kind, trigger in triggers.items()
    ]


def _of_flows(names: Sequence[str]) -> ResourceSpecification:
    return ResourceSpecification({"prefect.resource.role": "flow", "prefect.resource.name": list(names)})


def agree(client: SyncPrefectClient, automations: list[AutomationCore]) -> list[str]:
    """Make the server's automations those given; says what was changed."""
    changes, missing = [], {automation.name: automation for automation in automations}
    for known in client.read_automations(limit=200):
        if not known.name.startswith(PREFIX):
            continue
        automation = missing.pop(known.name, None)
        if automation is None:
            client.delete_automation(known.id)
            changes.append(f"removed automation {known.name}")
        elif content(known) != content(automation):
            client.update_automation(known.id, automation)
            changes.append(f"changed automation {known.name}")
    for automation in missing.values():
        client.create_automation(automation)
        changes.append(f"created automation {automation.name}")
    return changes


def content(automation: AutomationCore) -> dict[str, object]:
    """What an automation says, without what the server adds to it."""
    fields = AutomationCore.model_validate(automation.model_dump(include=set(AutomationCore.model_fields)))
    return fields.model_dump(exclude={"enabled"})
