"""The volume of Valkey and of the gateway's state: encrypted, kept when the node goes, restored from its snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ekiben.deploy.spot.resource import Resource
from ekiben.deploy.spot.waiting import wait_until
from ekiben.deploy.spot.world import Found
from ekiben.errors import OperatorError

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import SnapshotTypeDef

    from ekiben.deploy.spot.world import Fields, World

VOLUME: Final = "data-volume"
SNAPSHOT: Final = "data-snapshot"
"""Tag of its snapshots, which the node makes once a day."""


class DataVolume(Resource):
    """See the module. In another zone it is made anew from a snapshot of what it is now."""

    kind = "data volume"
    name = VOLUME
    rights = (
        "ec2:CreateSnapshot",
        "ec2:CreateTags",
        "ec2:CreateVolume",
        "ec2:DeleteVolume",
        "ec2:DescribeSnapshots",
        "ec2:DescribeVolumes",
        "ec2:ModifyVolume",
    )
    fixed = frozenset({"zone", "encrypted"})
    keeps = frozenset({"encrypted"})
    patience_s = 900.0

    def wanted(self, world: World) -> Fields:
        """In the node's zone."""
        return {
            "zone": world.deployment.control_zone,
            "encrypted": True,
            "GiB": world.deployment.config.control.volume_gib,
        }

    def observe(self, world: World) -> Found | None:
        """By its tags."""
        found = world.clients.ec2.describe_volumes(Filters=world.deployment.filters(self.name))["Volumes"]
        there = [volume for volume in found if volume["State"] not in ("deleting", "deleted", "error")]
        if not there:
            return None
        volume = min(there, key=lambda volume: volume["VolumeId"])
        size = world.deployment.config.control.volume_gib  # A larger one will do: none can be made smaller.
        fields = {
            "zone": volume["AvailabilityZone"],
            "encrypted": volume["Encrypted"],
            "GiB": min(volume["Size"], size),
        }
        return Found(volume["VolumeId"], fields)

    def create(self, world: World) -> None:
        """From the newest snapshot, where there is one."""
        newest = newest_snapshot(world)
        source: Any = {"SnapshotId": newest["SnapshotId"]} if newest else {}
        size = max(world.deployment.config.control.volume_gib, newest["VolumeSize"] if newest else 0)
        world.clients.ec2.create_volume(
            AvailabilityZone=world.deployment.control_zone,
            Encrypted=True,
            Size=size,
            VolumeType="gp3",
            TagSpecifications=world.deployment.tagged("volume", self.name),
            **source,
        )

    def update(self, world: World, found: Found) -> None:
        """Make it larger; the node's file system grows when it starts."""
        world.clients.ec2.modify_volume(VolumeId=found.id, Size=world.deployment.config.control.volume_gib)

    def delete(self, world: World, found: Found) -> None:
        """With a last snapshot, if it is to be in another zone."""
        if found.fields["zone"] != world.deployment.control_zone:
            if found.fields["state"] != "available":
                raise OperatorError(
                    f"the data volume is to leave {found.fields['zone']}, and the control node still runs on it:"
                    " `ekiben spot down --keep-data --yes` first, then up again"
                )
            _last_snapshot(world, found.id)
        world.clients.ec2.delete_volume(VolumeId=found.id)


def snapshots(world: World) -> list[SnapshotTypeDef]:
    """The volume's snapshots, the newest first."""
    filters = world.deployment.filters(SNAPSHOT)
    found = world.clients.ec2.describe_snapshots(OwnerIds=["self"], Filters=filters)["Snapshots"]
    return sorted(found, key=lambda snapshot: snapshot["StartTime"], reverse=True)


def newest_snapshot(world: World) -> SnapshotTypeDef | None:
    """The newest that is complete."""
    return next((each for each in snapshots(world) if each["State"] == "completed"), None)


def _last_snapshot(world: World, volume_id: str) -> None:
    """Make a snapshot of what nothing writes to any more, and wait until it is complete."""
    made = world.clients.ec2.create_snapshot(
        VolumeId=volume_id,
        Description=f"Ekiben {world.deployment.config.name}: data",
        TagSpecifications=world.deployment.tagged("snapshot", SNAPSHOT),
    )["SnapshotId"]

    def complete() -> bool:
        return any(each["SnapshotId"] == made and each["State"] == "completed" for each in snapshots(world))

    wait_until(complete, f"snapshot {made}", DataVolume.patience_s)


class Snapshots(Resource):
    """The volume's snapshots, of which none is wanted when the data goes."""

    kind = "snapshots"
    name = SNAPSHOT
    rights = ("ec2:DeleteSnapshot", "ec2:DescribeSnapshots")

    def observe(self, world: World) -> Found | None:
        """Any of them."""
        found = snapshots(world)
        return Found(self.name, {"ids": [each["SnapshotId"] for each in found]}) if found else None

    def create(self, world: World) -> None:
        """The node makes them."""
        raise NotImplementedError

    def delete(self, world: World, found: Found) -> None:
        """All of them."""
        ids: Any = found.fields["ids"]
        for snapshot in ids:
            world.clients.ec2.delete_snapshot(SnapshotId=snapshot)
