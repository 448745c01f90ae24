"""The name `control.<deployment>.ekiben.internal`, by which workers find the control node after it was replaced."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from ekiben.deploy.spot.resource import Resource, SomebodyElses
from ekiben.deploy.spot.resources.network import VPC, vpc_id
from ekiben.deploy.spot.world import Found

if TYPE_CHECKING:
    from ekiben.deploy.spot.world import Fields, World

PRIVATE_ZONE: Final = "private-zone"


class PrivateZone(Resource):
    """The private zone; the node writes its address into it.

    Route 53 tags a zone only after it was made; so the comment, which is set while it is made, says whose it is.
    """

    kind = "private DNS zone"
    name = PRIVATE_ZONE
    needs = (VPC,)
    rights = (
        "ec2:DescribeVpcs",
        "route53:ChangeResourceRecordSets",
        "route53:ChangeTagsForResource",
        "route53:CreateHostedZone",
        "route53:DeleteHostedZone",
        "route53:ListHostedZonesByName",
        "route53:ListResourceRecordSets",
        "route53:ListTagsForResource",
    )

    def wanted(self, world: World) -> Fields:  # noqa: ARG002  # the same everywhere
        """Tagged."""
        return {"tagged": True}

    def observe(self, world: World) -> Found | None:
        """By its name and comment."""
        route53, named = world.clients.route53, world.deployment.private_domain
        for zone in route53.list_hosted_zones_by_name(DNSName=named)["HostedZones"]:
            if zone["Name"].rstrip(".") != named or not zone["Config"]["PrivateZone"]:
                continue
            if zone["Config"].get("Comment") != self._comment(world):
                raise SomebodyElses(self.kind, named, world.deployment.config.name)
            zone_id = zone["Id"].rpartition("/")[2]
            tags = route53.list_tags_for_resource(ResourceType="hostedzone", ResourceId=zone_id)
            return Found(zone_id, {"tagged": world.deployment.owns(tags["ResourceTagSet"]["Tags"])})
        return None

    def create(self, world: World) -> None:
        """With its comment."""
        world.clients.route53.create_hosted_zone(
            Name=world.deployment.private_domain,
            VPC={"VPCRegion": world.deployment.region, "VPCId": vpc_id(world)},
            CallerReference=str(uuid.uuid4()),
            HostedZoneConfig={"Comment": self._comment(world), "PrivateZone": True},
        )

    def update(self, world: World, found: Found) -> None:
        """Tag it."""
        tags = world.deployment.tags(self.name)
        world.clients.route53.change_tags_for_resource(ResourceType="hostedzone", ResourceId=found.id, AddTags=tags)

    def delete(self, world: World, found: Found) -> None:
        """Its records first."""
        route53 = world.clients.route53
        records = route53.list_resource_record_sets(HostedZoneId=found.id)["ResourceRecordSets"]
        changes = [{"Action": "DELETE", "ResourceRecordSet": record} for record in records if record["Type"] == "A"]
        if changes:
            route53.change_resource_record_sets(HostedZoneId=found.id, ChangeBatch={"Changes": changes})
        route53.delete_hosted_zone(Id=found.id)

    def _comment(self, world: World) -> str:
        return f"ekiben:deployment={world.deployment.config.name} {world.deployment.region}"
