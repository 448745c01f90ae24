"""Log groups of the nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ekiben.deploy.spot.deployment import DEPLOYMENT_TAG
from ekiben.deploy.spot.resource import Resource, SomebodyElses
from ekiben.deploy.spot.world import Found

if TYPE_CHECKING:
    from ekiben.deploy.spot.world import Fields, World


def logs_of(role: str) -> str:
    """Name of the log group of the control node (`control`), or of a model."""
    return f"logs-{role}"


@dataclass(frozen=True)
class LogGroup(Resource):
    """One log group."""

    role: str

    kind: ClassVar[str] = "log group"
    rights: ClassVar = (
        "logs:CreateLogGroup",
        "logs:DeleteLogGroup",
        "logs:DescribeLogGroups",
        "logs:ListTagsForResource",
        "logs:PutRetentionPolicy",
        "logs:TagResource",
    )

    @property
    def name(self) -> str:
        """By role."""
        return logs_of(self.role)

    def wanted(self, world: World) -> Fields:
        """Kept for so many days."""
        return {"days": world.deployment.config.logs_days}

    def observe(self, world: World) -> Found | None:
        """By its name."""
        logs, named = world.clients.logs, self._named(world)
        groups = logs.describe_log_groups(logGroupNamePrefix=named)["logGroups"]
        for group in groups:
            if group["logGroupName"] == named:
                arn = group["arn"].removesuffix(":*")
                tags = logs.list_tags_for_resource(resourceArn=arn)["tags"]
                if tags.get(DEPLOYMENT_TAG) != world.deployment.config.name:
                    raise SomebodyElses(self.kind, named, world.deployment.config.name)
                return Found(named, {"days": group.get("retentionInDays", 0)})
        return None

    def create(self, world: World) -> None:
        """With its tags."""
        tags = {tag["Key"]: tag["Value"] for tag in world.deployment.tags(self.name)}
        world.clients.logs.create_log_group(logGroupName=self._named(world), tags=tags)

    def update(self, world: World, found: Found) -> None:
        """How long logs are kept."""
        days = world.deployment.config.logs_days
        world.clients.logs.put_retention_policy(logGroupName=found.id, retentionInDays=days)

    def delete(self, world: World, found: Found) -> None:
        """With all logs."""
        world.clients.logs.delete_log_group(logGroupName=found.id)

    def _named(self, world: World) -> str:
        return f"{world.deployment.path}/{self.role}"
