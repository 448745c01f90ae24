"""IAM roles of the instances, with their instance profiles."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ekiben.deploy.spot.absent import if_there
from ekiben.deploy.spot.node_rights import control_policy, worker_policy
from ekiben.deploy.spot.resource import Resource, SomebodyElses
from ekiben.deploy.spot.world import Found

if TYPE_CHECKING:
    from ekiben.deploy.spot.deployment import Deployment
    from ekiben.deploy.spot.world import Fields, World

CONTROL, WORKERS = "control", "workers"
_POLICY: Final = "ekiben"
_TRUST: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def role_name(deployment: Deployment, role: str) -> str:
    """IAM's names are the same in all regions, so that this one has the region in it."""
    return f"{deployment.prefix}-{role}-{deployment.region}"


@dataclass(frozen=True)
class Role(Resource):
    """A role that instances take, with what they may do."""

    role: str

    kind: ClassVar[str] = "IAM role"
    rights: ClassVar = (
        "iam:CreateRole",
        "iam:DeleteRole",
        "iam:DeleteRolePolicy",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListRolePolicies",
        "iam:PutRolePolicy",
        "iam:TagRole",
        "iam:UpdateAssumeRolePolicy",
    )

    @property
    def name(self) -> str:
        """By role."""
        return f"{self.role}-role"

    def wanted(self, world: World) -> Fields:
        """Who takes it, and what it may do."""
        policy = control_policy(world.deployment) if self.role == CONTROL else worker_policy(world.deployment)
        return {"trust": _TRUST, "policies": {_POLICY: policy}}

    def observe(self, world: World) -> Found | None:
        """By its name."""
        iam, named = world.clients.iam, role_name(world.deployment, self.role)
        found = if_there(lambda: iam.get_role(RoleName=named), "NoSuchEntity")
        if not found:
            return None
        if not world.deployment.owns(found["Role"].get("Tags", [])):
            raise SomebodyElses(self.kind, named, world.deployment.config.name)
        names = iam.list_role_policies(RoleName=named)["PolicyNames"]
        policies = {each: iam.get_role_policy(RoleName=named, PolicyName=each)["PolicyDocument"] for each in names}
        return Found(named, {"trust": found["Role"]["AssumeRolePolicyDocument"], "policies": policies})

    def create(self, world: World) -> None:
        """With its tags; it may do nothing yet."""
        world.clients.iam.create_role(
            RoleName=role_name(world.deployment, self.role),
            AssumeRolePolicyDocument=json.dumps(_TRUST),
            Description=f"Ekiben {world.deployment.config.name}: {self.role}",
            Tags=world.deployment.tags(self.name),
        )

    def update(self, world: World, found: Found) -> None:
        """One after another; what else it was given is taken away."""
        iam, changed = world.clients.iam, self.differing(world, found)
        if "trust" in changed:
            iam.update_assume_role_policy(RoleName=found.id, PolicyDocument=json.dumps(_TRUST))
        wanted: Any = self.wanted(world)["policies"]
        there: Any = found.fields["policies"]
        if there.get(_POLICY) != wanted[_POLICY]:
            iam.put_role_policy(RoleName=found.id, PolicyName=_POLICY, PolicyDocument=json.dumps(wanted[_POLICY]))
        self._take(world, found, keep=_POLICY)

    def delete(self, world: World, found: Found) -> None:
        """Its policies first."""
        self._take(world, found)
        world.clients.iam.delete_role(RoleName=found.id)

    def _take(self, world: World, found: Found, keep: str = "") -> None:
        policies: Any = found.fields["policies"]
        for policy in policies:
            if policy != keep:
                world.clients.iam.delete_role_policy(RoleName=found.id, PolicyName=policy)
