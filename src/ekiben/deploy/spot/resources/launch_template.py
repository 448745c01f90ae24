"""Launch templates: machine image, disk, metadata service, role, firewall and first commands of the nodes."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ekiben.deploy.spot.absent import if_there
from ekiben.deploy.spot.comparing import restricted
from ekiben.deploy.spot.machine_images import CONTROL
from ekiben.deploy.spot.resource import Resource, SomebodyElses
from ekiben.deploy.spot.resources import firewall, roles
from ekiben.deploy.spot.resources.network import subnet_ids
from ekiben.deploy.spot.resources.private_zone import PRIVATE_ZONE
from ekiben.deploy.spot.resources.profiles import profile_of
from ekiben.deploy.spot.user_data import control_script, worker_script
from ekiben.deploy.spot.world import Found

if TYPE_CHECKING:
    from ekiben.deploy.spot.deployment import Deployment
    from ekiben.deploy.spot.world import Fields, World

_CONTROL_DISK_GIB: Final = 30
_TAGGED: Final = ("instance", "volume")


def template_of(role: str) -> str:
    """Name of the template of the control node (`control`), or of a model."""
    return f"template-{role}"


def group_name(deployment: Deployment, role: str) -> str:
    """The Auto Scaling group's name, which its instances must know."""
    return f"{deployment.prefix}-{role}"


@dataclass(frozen=True)
class LaunchTemplate(Resource):
    """One template; a change is a new version, and the version before it stays, to go back to."""

    role: str

    kind: ClassVar[str] = "launch template"
    rights: ClassVar = (
        "ec2:CreateLaunchTemplate",
        "ec2:CreateLaunchTemplateVersion",
        "ec2:CreateTags",
        "ec2:DeleteLaunchTemplate",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:DescribeLaunchTemplates",
        "ec2:ModifyLaunchTemplate",
        "iam:PassRole",
    )

    @property
    def name(self) -> str:
        """By role."""
        return template_of(self.role)

    @property
    def needs(self) -> tuple[str, ...]:
        """What it refers to."""
        own = roles.CONTROL if self.role == CONTROL else roles.WORKERS
        return (profile_of(own), firewall.CONTROL, firewall.WORKERS, PRIVATE_ZONE)

    def wanted(self, world: World) -> Fields:
        """Its data; of the first commands the fingerprint."""
        return _shown(self._data(world))

    def observe(self, world: World) -> Found | None:
        """By its name; the version that new instances get."""
        ec2, named = world.clients.ec2, group_name(world.deployment, self.role)
        found = if_there(
            lambda: ec2.describe_launch_templates(LaunchTemplateNames=[named])["LaunchTemplates"],
            "InvalidLaunchTemplateName.NotFoundException",
        )
        if not found:
            return None
        if not world.deployment.owns(found[0].get("Tags", [])):
            raise SomebodyElses(self.kind, named, world.deployment.config.name)
        template = found[0]["LaunchTemplateId"]
        versions = ec2.describe_launch_template_versions(LaunchTemplateId=template, Versions=["$Default"])
        return Found(template, self._fields(world, versions["LaunchTemplateVersions"][0]))

    def create(self, world: World) -> None:
        """With its tags."""
        world.clients.ec2.create_launch_template(
            LaunchTemplateName=group_name(world.deployment, self.role),
            LaunchTemplateData=self._data(world),
            TagSpecifications=world.deployment.tagged("launch-template", self.name),
        )

    def update(self, world: World, found: Found) -> None:
        """A new version, unless the newest is it already; then make it the one that new instances get."""
        ec2 = world.clients.ec2
        newest: Any = ec2.describe_launch_template_versions(LaunchTemplateId=found.id, Versions=["$Latest"])
        version = newest["LaunchTemplateVersions"][0]
        if self._fields(world, version) != self.wanted(world):
            # Its number is in the answer; asked for `$Latest` now, AWS may still tell the one before.
            version = ec2.create_launch_template_version(
                LaunchTemplateId=found.id, LaunchTemplateData=self._data(world)
            )["LaunchTemplateVersion"]
        ec2.modify_launch_template(LaunchTemplateId=found.id, DefaultVersion=str(version["VersionNumber"]))

    def delete(self, world: World, found: Found) -> None:
        """With all versions."""
        world.clients.ec2.delete_launch_template(LaunchTemplateId=found.id)

    def _fields(self, world: World, version: Any) -> Fields:
        """Of a version as AWS describes it; one that was made by hand may lack any of them."""
        data: dict[str, Any] = version["LaunchTemplateData"]
        # What the template itself was tagged with, some answers list here too.
        tagged = [each for each in data.get("TagSpecifications", []) if each["ResourceType"] in _TAGGED]
        fields: Any = restricted(_shown({**data, "TagSpecifications": tagged}), self.wanted(world))
        return dict(fields)

    def _data(self, world: World) -> Any:
        deployment, control = world.deployment, self.role == CONTROL
        tags = deployment.tags(self.role)
        script = _script(world, self.role)
        data = {
            "ImageId": deployment.amis[self.role],
            "IamInstanceProfile": {"Name": world.id(profile_of(roles.CONTROL if control else roles.WORKERS))},
            "SecurityGroupIds": [world.id(firewall.CONTROL if control else firewall.WORKERS)],
            # Two hops, so that containers with a network of their own reach it.
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 2, "HttpEndpoint": "enabled"},
            "BlockDeviceMappings": [
                {
                    "DeviceName": "/dev/xvda",
                    "Ebs": {
                        "VolumeSize": _CONTROL_DISK_GIB if control else deployment.config.of_model(self.role).disk_gib,
                        "VolumeType": "gp3",
                        "Encrypted": True,
                        "DeleteOnTermination": True,
                    },
                }
            ],
            "TagSpecifications": [{"ResourceType": kind, "Tags": tags} for kind in _TAGGED],
            "UserData": base64.b64encode(script.encode()).decode(),
        }
        return {**data, "InstanceType": deployment.config.control.instance_type} if control else data


def _script(world: World, role: str) -> str:
    deployment = world.deployment
    if role == CONTROL:
        return control_script(deployment, world.id(PRIVATE_ZONE), subnet_ids(world))
    return worker_script(deployment, deployment.config.of_model(role), group_name(deployment, role))


def _shown(data: dict[str, Any]) -> Fields:
    fingerprint = hashlib.sha256(data.get("UserData", "").encode()).hexdigest()[:16]
    return {**data, "UserData": f"sha256:{fingerprint}"}
