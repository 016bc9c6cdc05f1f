"""What the Prefect server does by itself when flow runs die. A server of one's own comes with no automation at all."""

from datetime import timedelta

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

PREFIX = "machine: "
"""Automations whose name begins so are ours: those that are not wanted any more are removed."""
SILENCE = timedelta(seconds=90)
"""Three heartbeats (PREFECT_FLOWS_HEARTBEAT_FREQUENCY is 30)."""
HEARTBEAT = "prefect.flow-run.heartbeat"
STARTED = "prefect.flow-run.Running"
FLOW_RUNS = ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"})


def wanted() -> list[AutomationCore]:
    """The automations."""
    zombies = AutomationCore(
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
    return [zombies]


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
