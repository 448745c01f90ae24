"""Listeners of the load balancer: https, with http leading to it; or http alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ekiben.deploy.spot.absent import if_there
from ekiben.deploy.spot.comparing import restricted
from ekiben.deploy.spot.resource import Resource
from ekiben.deploy.spot.resources.entrance import BALANCER, tags_of
from ekiben.deploy.spot.resources.target_group import TARGETS
from ekiben.deploy.spot.world import Found

if TYPE_CHECKING:
    from ekiben.deploy.spot.world import Fields, World

HTTP, HTTPS = 80, 443
_TLS: Final = "ELBSecurityPolicy-TLS13-1-2-2021-06"  # 1.2 and 1.3


@dataclass(frozen=True)
class Listener(Resource):
    """One of them. Listeners belong to their balancer, by port; the tag says whether this one is ours."""

    port: int

    kind: ClassVar[str] = "listener"
    needs = (BALANCER, TARGETS)
    rights: ClassVar = (
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:CreateListener",
        "elasticloadbalancing:DeleteListener",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:ModifyListener",
    )

    @property
    def name(self) -> str:
        """By port."""
        return f"listener-{self.port}"

    def wanted(self, world: World) -> Fields:
        """Protocol, certificate, and where requests go."""
        certificate = world.deployment.config.entrance.certificate_arn
        if self.port == HTTPS:
            return {
                "Protocol": "HTTPS",
                "DefaultActions": [_forward(world)],
                "Certificates": [{"CertificateArn": certificate}],
                "SslPolicy": _TLS,
            }
        return {"Protocol": "HTTP", "DefaultActions": [_to_https() if certificate else _forward(world)]}

    def observe(self, world: World) -> Found | None:
        """By the balancer and the port."""
        balancer = world.found.get(BALANCER)
        if balancer is None:
            return None
        elb = world.clients.elbv2
        found = if_there(lambda: elb.describe_listeners(LoadBalancerArn=balancer.id), "LoadBalancerNotFound")
        for listener in found["Listeners"] if found else []:
            arn = listener["ListenerArn"]
            if listener["Port"] == self.port and world.deployment.owns(tags_of(world, arn)):
                fields: Any = restricted(listener, self.wanted(world))
                return Found(arn, fields)
        return None

    def create(self, world: World) -> None:
        """With its tags."""
        settings: Any = self.wanted(world)
        tags = world.deployment.tags(self.name)
        arn = world.id(BALANCER)
        world.clients.elbv2.create_listener(LoadBalancerArn=arn, Port=self.port, Tags=tags, **settings)

    def update(self, world: World, found: Found) -> None:
        """Set everything."""
        settings: Any = self.wanted(world)
        world.clients.elbv2.modify_listener(ListenerArn=found.id, Port=self.port, **settings)

    def delete(self, world: World, found: Found) -> None:
        """Close the port."""
        world.clients.elbv2.delete_listener(ListenerArn=found.id)


def _forward(world: World) -> dict[str, Any]:
    return {"Type": "forward", "TargetGroupArn": world.id(TARGETS)}


def _to_https() -> dict[str, Any]:
    return {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": str(HTTPS), "StatusCode": "HTTP_301"}}
