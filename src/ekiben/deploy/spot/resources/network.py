"""A VPC of the deployment's own: public subnets, so that nothing needs a NAT gateway; firewalls let nobody in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ekiben.deploy.spot.resource import Resource
from ekiben.deploy.spot.world import Found

if TYPE_CHECKING:
    from ekiben.deploy.spot.world import Fields, World

VPC = "network"
GATEWAY = "internet"


def vpc_id(world: World) -> str:
    """The VPC, given or one's own."""
    return world.deployment.config.network.vpc or world.id(VPC)


def subnet_of(zone: str) -> str:
    """Name of the zone's subnet."""
    return f"subnet-{zone}"


def subnet_ids(world: World) -> list[str]:
    """One subnet for each zone."""
    return [subnet_id(world, zone) for zone in world.deployment.zones]


def subnet_id(world: World, zone: str) -> str:
    """The zone's subnet."""
    return world.deployment.given_subnets.get(zone) or world.id(subnet_of(zone))


class Vpc(Resource):
    """The VPC."""

    kind = "VPC"
    name = VPC
    rights = (
        "ec2:CreateTags",
        "ec2:CreateVpc",
        "ec2:DeleteVpc",
        "ec2:DescribeVpcAttribute",
        "ec2:DescribeVpcs",
        "ec2:ModifyVpcAttribute",
    )
    fixed = keeps = frozenset({"cidr"})

    def wanted(self, world: World) -> Fields:
        """Its addresses; and names within, by which workers find the control node."""
        return {"cidr": world.deployment.config.network.cidr, "names": True}

    def observe(self, world: World) -> Found | None:
        """By its tags."""
        found = world.clients.ec2.describe_vpcs(Filters=world.deployment.filters(self.name))["Vpcs"]
        if not found:
            return None
        vpc = min(found, key=lambda vpc: vpc["VpcId"])
        ask = world.clients.ec2.describe_vpc_attribute
        names = ask(VpcId=vpc["VpcId"], Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"]
        return Found(vpc["VpcId"], {"cidr": vpc["CidrBlock"], "names": names})

    def create(self, world: World) -> None:
        """With its tags."""
        deployment = world.deployment
        world.clients.ec2.create_vpc(
            CidrBlock=deployment.config.network.cidr, TagSpecifications=deployment.tagged("vpc", self.name)
        )

    def update(self, world: World, found: Found) -> None:
        """Turn names on."""
        world.clients.ec2.modify_vpc_attribute(VpcId=found.id, EnableDnsHostnames={"Value": True})

    def delete(self, world: World, found: Found) -> None:
        """When it is empty."""
        world.clients.ec2.delete_vpc(VpcId=found.id)


class InternetGateway(Resource):
    """The way out."""

    kind = "internet gateway"
    name = GATEWAY
    needs = (VPC,)
    rights = (
        "ec2:AttachInternetGateway",
        "ec2:CreateInternetGateway",
        "ec2:DeleteInternetGateway",
        "ec2:DescribeInternetGateways",
        "ec2:DetachInternetGateway",
    )

    def wanted(self, world: World) -> Fields:
        """Attached to the VPC."""
        return {"vpc": vpc_id(world)}

    def observe(self, world: World) -> Found | None:
        """By its tags."""
        ask = world.clients.ec2.describe_internet_gateways
        found = ask(Filters=world.deployment.filters(self.name))["InternetGateways"]
        if not found:
            return None
        gateway = min(found, key=lambda gateway: gateway["InternetGatewayId"])
        attached = [attachment["VpcId"] for attachment in gateway["Attachments"]]
        return Found(gateway["InternetGatewayId"], {"vpc": attached[0] if attached else ""})

    def create(self, world: World) -> None:
        """Unattached."""
        tags = world.deployment.tagged("internet-gateway", self.name)
        world.clients.ec2.create_internet_gateway(TagSpecifications=tags)

    def update(self, world: World, found: Found) -> None:
        """Attach it."""
        self._detach(world, found)
        world.clients.ec2.attach_internet_gateway(InternetGatewayId=found.id, VpcId=vpc_id(world))

    def delete(self, world: World, found: Found) -> None:
        """Detach it first."""
        self._detach(world, found)
        world.clients.ec2.delete_internet_gateway(InternetGatewayId=found.id)

    def _detach(self, world: World, found: Found) -> None:
        if found.fields["vpc"]:
            world.clients.ec2.detach_internet_gateway(InternetGatewayId=found.id, VpcId=str(found.fields["vpc"]))


@dataclass(frozen=True)
class Subnet(Resource):
    """The public subnet of a zone."""

    zone: str

    kind: ClassVar[str] = "subnet"
    needs = (VPC,)
    rights: ClassVar = ("ec2:CreateSubnet", "ec2:DeleteSubnet", "ec2:DescribeSubnets", "ec2:ModifySubnetAttribute")
    fixed: ClassVar = frozenset({"zone", "cidr", "vpc"})
    keeps: ClassVar = fixed

    @property
    def name(self) -> str:
        """By zone."""
        return subnet_of(self.zone)

    def wanted(self, world: World) -> Fields:
        """A sixteenth of the VPC's addresses; which, the zone's letter says, so that it stays when others come."""
        first, second, *_ = world.deployment.config.network.cidr.split(".")
        cidr = f"{first}.{second}.{16 * (ord(self.zone[-1]) - ord('a'))}.0/20"
        return {"zone": self.zone, "cidr": cidr, "vpc": vpc_id(world), "public addresses": True}

    def observe(self, world: World) -> Found | None:
        """By its tags."""
        found = world.clients.ec2.describe_subnets(Filters=world.deployment.filters(self.name))["Subnets"]
        if not found:
            return None
        subnet = min(found, key=lambda subnet: subnet["SubnetId"])
        fields = {
            "zone": subnet["AvailabilityZone"],
            "cidr": subnet["CidrBlock"],
            "vpc": subnet["VpcId"],
            "public addresses": subnet["MapPublicIpOnLaunch"],
        }
        return Found(subnet["SubnetId"], fields)

    def create(self, world: World) -> None:
        """With its tags."""
        world.clients.ec2.create_subnet(
            VpcId=vpc_id(world),
            CidrBlock=str(self.wanted(world)["cidr"]),
            AvailabilityZone=self.zone,
            TagSpecifications=world.deployment.tagged("subnet", self.name),
        )

    def update(self, world: World, found: Found) -> None:
        """Give instances public addresses."""
        world.clients.ec2.modify_subnet_attribute(SubnetId=found.id, MapPublicIpOnLaunch={"Value": True})

    def delete(self, world: World, found: Found) -> None:
        """When nothing is in it."""
        world.clients.ec2.delete_subnet(SubnetId=found.id)
