"""Instance profiles, which give instances their roles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ekiben.deploy.spot.absent import if_there
from ekiben.deploy.spot.resource import Resource, SomebodyElses
from ekiben.deploy.spot.resources.roles import role_name
from ekiben.deploy.spot.world import Found

if TYPE_CHECKING:
    from ekiben.deploy.spot.world import Fields, World


def profile_of(role: str) -> str:
    """Name of the profile."""
    return f"{role}-profile"


@dataclass(frozen=True)
class Profile(Resource):
    """What gives an instance its role."""

    role: str

    kind: ClassVar[str] = "instance profile"
    rights: ClassVar = (
        "iam:AddRoleToInstanceProfile",
        "iam:CreateInstanceProfile",
        "iam:DeleteInstanceProfile",
        "iam:GetInstanceProfile",
        "iam:PassRole",
        "iam:RemoveRoleFromInstanceProfile",
        "iam:TagInstanceProfile",
    )

    @property
    def name(self) -> str:
        """By role."""
        return profile_of(self.role)

    @property
    def needs(self) -> tuple[str, ...]:
        """Its role."""
        return (f"{self.role}-role",)

    def wanted(self, world: World) -> Fields:
        """The one role."""
        return {"roles": [role_name(world.deployment, self.role)]}

    def observe(self, world: World) -> Found | None:
        """By its name."""
        iam, named = world.clients.iam, role_name(world.deployment, self.role)
        found = if_there(lambda: iam.get_instance_profile(InstanceProfileName=named), "NoSuchEntity")
        if not found:
            return None
        if not world.deployment.owns(found["InstanceProfile"].get("Tags", [])):
            raise SomebodyElses(self.kind, named, world.deployment.config.name)
        return Found(named, {"roles": [role["RoleName"] for role in found["InstanceProfile"]["Roles"]]})

    def create(self, world: World) -> None:
        """With its tags, empty."""
        named, tags = role_name(world.deployment, self.role), world.deployment.tags(self.name)
        world.clients.iam.create_instance_profile(InstanceProfileName=named, Tags=tags)

    def update(self, world: World, found: Found) -> None:
        """Put the role in."""
        self._empty(world, found)
        named = role_name(world.deployment, self.role)
        world.clients.iam.add_role_to_instance_profile(InstanceProfileName=found.id, RoleName=named)

    def delete(self, world: World, found: Found) -> None:
        """Empty it first."""
        self._empty(world, found)
        world.clients.iam.delete_instance_profile(InstanceProfileName=found.id)

    def _empty(self, world: World, found: Found) -> None:
        roles: Any = found.fields["roles"]
        for role in roles:
            world.clients.iam.remove_role_from_instance_profile(InstanceProfileName=found.id, RoleName=role)
