"""Ways out of the deployment's own VPC: to the internet, and straight to S3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ekiben.deploy.spot.resource import Resource
from ekiben.deploy.spot.resources.network import GATEWAY, VPC, subnet_of, vpc_id
from ekiben.deploy.spot.world import Found

if TYPE_CHECKING:
    from ekiben.deploy.spot.world import Fields, World

ROUTES: Final = "routes"
_EVERYWHERE: Final = "0.0.0.0/0"


class RouteTable(Resource):
    """The route table of all subnets."""

    kind = "route table"
    name = ROUTES
    rights = (
        "ec2:AssociateRouteTable",
        "ec2:CreateRoute",
        "ec2:CreateRouteTable",
        "ec2:CreateTags",
        "ec2:DeleteRouteTable",
        "ec2:DescribeRouteTables",
        "ec2:DisassociateRouteTable",
        "ec2:ReplaceRoute",
    )

    def __init__(self, zones: tuple[str, ...]) -> None:
        self._zones = zones

    @property
    def needs(self) -> tuple[str, ...]:
        """The way out, and all subnets."""
        return (VPC, GATEWAY, *map(subnet_of, self._zones))

    def wanted(self, world: World) -> Fields:
        """Everything leads out, from every subnet."""
        return {"way out": world.id(GATEWAY), "subnets": sorted(world.id(subnet_of(zone)) for zone in self._zones)}

    def observe(self, world: World) -> Found | None:
        """By its tags."""
        found = world.clients.ec2.describe_route_tables(Filters=world.deployment.filters(self.name))["RouteTables"]
        if not found:
            return None
        table = min(found, key=lambda table: table["RouteTableId"])
        out = [route for route in table["Routes"] if route.get("DestinationCidrBlock") == _EVERYWHERE]
        joined = {
            each["SubnetId"]: each["RouteTableAssociationId"] for each in table["Associations"] if "SubnetId" in each
        }
        fields = {
            "way out": out[0].get("GatewayId", "") if out else "",
            "subnets": sorted(joined),
            "associations": sorted(joined.values()),
        }
        return Found(table["RouteTableId"], fields)

    def create(self, world: World) -> None:
        """With its tags."""
        tags = world.deployment.tagged("route-table", self.name)
        world.clients.ec2.create_route_table(VpcId=vpc_id(world), TagSpecifications=tags)

    def update(self, world: World, found: Found) -> None:
        """Set the way out, and join the subnets that are not joined."""
        ec2, wanted = world.clients.ec2, self.wanted(world)
        there: Any = found.fields
        if not there["way out"]:
            ec2.create_route(RouteTableId=found.id, DestinationCidrBlock=_EVERYWHERE, GatewayId=world.id(GATEWAY))
        elif there["way out"] != wanted["way out"]:
            ec2.replace_route(RouteTableId=found.id, DestinationCidrBlock=_EVERYWHERE, GatewayId=world.id(GATEWAY))
        missing: Any = wanted["subnets"]
        for subnet in sorted(set(missing) - set(there["subnets"])):
            ec2.associate_route_table(RouteTableId=found.id, SubnetId=subnet)

    def delete(self, world: World, found: Found) -> None:
        """Part it from the subnets first."""
        associations: Any = found.fields["associations"]
        for association in associations:
            world.clients.ec2.disassociate_route_table(AssociationId=association)
        world.clients.ec2.delete_route_table(RouteTableId=found.id)


class StorageEndpoint(Resource):
    """The gateway endpoint of S3: pictures and image layers do not go over the internet, and cost no transfer."""

    kind = "S3 endpoint"
    name = "storage-endpoint"
    needs = (ROUTES,)
    rights = (
        "ec2:CreateTags",
        "ec2:CreateVpcEndpoint",
        "ec2:DeleteVpcEndpoints",
        "ec2:DescribeVpcEndpoints",
        "ec2:ModifyVpcEndpoint",
    )
    patience_s = 300.0

    def wanted(self, world: World) -> Fields:
        """Known to the route table."""
        return {"routes": [world.id(ROUTES)]}

    def observe(self, world: World) -> Found | None:
        """By its tags."""
        filters = world.deployment.filters(self.name)
        found = world.clients.ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]
        there = [endpoint for endpoint in found if endpoint["State"].lower() not in ("deleting", "deleted")]
        if not there:
            return None
        endpoint = min(there, key=lambda endpoint: endpoint["VpcEndpointId"])
        return Found(endpoint["VpcEndpointId"], {"routes": list(endpoint["RouteTableIds"])})

    def create(self, world: World) -> None:
        """With its tags."""
        world.clients.ec2.create_vpc_endpoint(
            VpcId=vpc_id(world),
            ServiceName=f"com.amazonaws.{world.deployment.region}.s3",
            VpcEndpointType="Gateway",
            RouteTableIds=[world.id(ROUTES)],
            TagSpecifications=world.deployment.tagged("vpc-endpoint", self.name),
        )

    def update(self, world: World, found: Found) -> None:
        """Make it known to the route table."""
        there: Any = found.fields["routes"]
        wanted = world.id(ROUTES)
        others = [table for table in there if table != wanted]
        changes: Any = {"RemoveRouteTableIds": others} if others else {}
        if wanted not in there:
            changes["AddRouteTableIds"] = [wanted]
        world.clients.ec2.modify_vpc_endpoint(VpcEndpointId=found.id, **changes)

    def delete(self, world: World, found: Found) -> None:
        """Its routes go with it."""
        world.clients.ec2.delete_vpc_endpoints(VpcEndpointIds=[found.id])
