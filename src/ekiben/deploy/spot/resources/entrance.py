"""The load balancer: the only way in, and to the gateway alone. Workers announce themselves to the gateway instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ekiben.deploy.spot.absent import if_there
from ekiben.deploy.spot.resource import Resource, SomebodyElses
from ekiben.deploy.spot.resources import firewall
from ekiben.deploy.spot.resources.network import subnet_ids
from ekiben.deploy.spot.resources.routes import ROUTES
from ekiben.deploy.spot.world import Found

if TYPE_CHECKING:
    from ekiben.deploy.spot.world import Fields, World

BALANCER: Final = "load-balancer"
# Streams and WebSockets may be silent for a while.
_BALANCER: Final = {
    "idle_timeout.timeout_seconds": "300",
    "routing.http.drop_invalid_header_fields.enabled": "true",
}


class LoadBalancer(Resource):
    """An application load balancer in all zones."""

    kind = "load balancer"
    name = BALANCER
    needs = (firewall.ENTRANCE, ROUTES)
    rights = (
        "ec2:DescribeAccountAttributes",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:CreateLoadBalancer",
        "elasticloadbalancing:DeleteLoadBalancer",
        "elasticloadbalancing:DescribeLoadBalancerAttributes",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:ModifyLoadBalancerAttributes",
        "elasticloadbalancing:SetSecurityGroups",
        "elasticloadbalancing:SetSubnets",
        "iam:CreateServiceLinkedRole",
    )
    patience_s = 300.0

    def wanted(self, world: World) -> Fields:
        """Where it is, and how it treats connections."""
        return {
            "subnets": sorted(subnet_ids(world)),
            "firewall": [world.id(firewall.ENTRANCE)],
            "attributes": _BALANCER,
        }

    def observe(self, world: World) -> Found | None:
        """By its name."""
        elb, named = world.clients.elbv2, world.deployment.prefix
        found = if_there(lambda: elb.describe_load_balancers(Names=[named])["LoadBalancers"], "LoadBalancerNotFound")
        if not found:
            return None
        balancer = found[0]
        arn = balancer["LoadBalancerArn"]
        if not world.deployment.owns(tags_of(world, arn)):
            raise SomebodyElses(self.kind, named, world.deployment.config.name)
        attributes = elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
        fields = {
            "subnets": sorted(zone["SubnetId"] for zone in balancer["AvailabilityZones"]),
            "firewall": list(balancer["SecurityGroups"]),
            "attributes": {each["Key"]: each["Value"] for each in attributes if each["Key"] in _BALANCER},
            "address": balancer["DNSName"],
        }
        return Found(arn, fields)

    def create(self, world: World) -> None:
        """With its tags."""
        world.clients.elbv2.create_load_balancer(
            Name=world.deployment.prefix,
            Subnets=subnet_ids(world),
            SecurityGroups=[world.id(firewall.ENTRANCE)],
            Scheme="internet-facing",
            Type="application",
            Tags=world.deployment.tags(self.name),
        )

    def update(self, world: World, found: Found) -> None:
        """One setting after another."""
        elb, changed = world.clients.elbv2, self.differing(world, found)
        if "subnets" in changed:
            elb.set_subnets(LoadBalancerArn=found.id, Subnets=subnet_ids(world))
        if "firewall" in changed:
            elb.set_security_groups(LoadBalancerArn=found.id, SecurityGroups=[world.id(firewall.ENTRANCE)])
        if "attributes" in changed:
            elb.modify_load_balancer_attributes(LoadBalancerArn=found.id, Attributes=attributes_of(_BALANCER))

    def delete(self, world: World, found: Found) -> None:
        """Its listeners go with it."""
        world.clients.elbv2.delete_load_balancer(LoadBalancerArn=found.id)


def tags_of(world: World, arn: str) -> Any:
    """Tags of a part of a load balancer."""
    return world.clients.elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]


def attributes_of(values: dict[str, str]) -> Any:
    """As the API wants them."""
    return [{"Key": key, "Value": value} for key, value in values.items()]
