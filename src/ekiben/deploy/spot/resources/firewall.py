"""Security groups: nobody but the load balancer is reached from outside, and each reaches only what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ekiben.deploy.spot.deployment import GATEWAY_PORT, VALKEY_PORT, WORKER_PORT
from ekiben.deploy.spot.resource import Resource, SomebodyElses
from ekiben.deploy.spot.resources.network import VPC, vpc_id
from ekiben.deploy.spot.world import Found

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import SecurityGroupTypeDef

    from ekiben.deploy.spot.world import Fields, World

ENTRANCE, CONTROL, WORKERS = "entrance-firewall", "control-firewall", "workers-firewall"


@dataclass(frozen=True)
class Firewall(Resource):
    """A security group; its rules come when all groups are there, since they name each other."""

    role: str

    kind: ClassVar[str] = "security group"
    needs = (VPC,)
    rights: ClassVar = (
        "ec2:CreateSecurityGroup",
        "ec2:CreateTags",
        "ec2:DeleteSecurityGroup",
        "ec2:DescribeSecurityGroups",
    )
    patience_s: ClassVar[float] = 900.0  # the interfaces of load balancers and instances go some minutes after them
    fixed: ClassVar = frozenset({"vpc"})
    keeps: ClassVar = fixed

    @property
    def name(self) -> str:
        """By role."""
        return self.role

    def wanted(self, world: World) -> Fields:
        """In the VPC."""
        return {"vpc": vpc_id(world)}

    def observe(self, world: World) -> Found | None:
        """By its name, which is unique in a VPC."""
        group = _group(self.role, world)
        return Found(group["GroupId"], {"vpc": group["VpcId"]}) if group else None

    def create(self, world: World) -> None:
        """Without rules."""
        world.clients.ec2.create_security_group(
            GroupName=f"{world.deployment.prefix}-{self.role}",
            Description=f"Ekiben {world.deployment.config.name}: {self.role}",
            VpcId=vpc_id(world),
            TagSpecifications=world.deployment.tagged("security-group", self.name),
        )

    def delete(self, world: World, found: Found) -> None:
        """When nothing stands behind it."""
        world.clients.ec2.delete_security_group(GroupId=found.id)


@dataclass(frozen=True)
class Rules(Resource):
    """What a security group lets in: `<protocol> <port> from <network or group>`."""

    role: str

    kind: ClassVar[str] = "security group rules"
    needs = (ENTRANCE, CONTROL, WORKERS)
    rights: ClassVar = (
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:DescribeSecurityGroups",
        "ec2:RevokeSecurityGroupIngress",
    )

    @property
    def name(self) -> str:
        """By role."""
        return f"{self.role}-rules"

    def wanted(self, world: World) -> Fields:
        """The rules of the role."""
        return {"inbound": sorted(_inbound(self.role, world))}

    def observe(self, world: World) -> Found | None:
        """Those of the group; none at all count as not there."""
        group = _group(self.role, world)
        rules = sorted(_rules(group)) if group else []
        return Found(group["GroupId"], {"inbound": rules}) if group and rules else None

    def create(self, world: World) -> None:
        """Let in who is wanted."""
        permissions = [_permission(rule) for rule in _inbound(self.role, world)]
        world.clients.ec2.authorize_security_group_ingress(GroupId=world.id(self.role), IpPermissions=permissions)

    def update(self, world: World, found: Found) -> None:
        """Let in who is missing, and nobody else any more."""
        wanted, there = set(_inbound(self.role, world)), set(_listed(found))
        if wanted - there:
            permissions = [_permission(rule) for rule in sorted(wanted - there)]
            world.clients.ec2.authorize_security_group_ingress(GroupId=found.id, IpPermissions=permissions)
        if there - wanted:
            permissions = [_permission(rule) for rule in sorted(there - wanted)]
            world.clients.ec2.revoke_security_group_ingress(GroupId=found.id, IpPermissions=permissions)

    def delete(self, world: World, found: Found) -> None:
        """Let nobody in."""
        permissions = [_permission(rule) for rule in _listed(found)]
        world.clients.ec2.revoke_security_group_ingress(GroupId=found.id, IpPermissions=permissions)


def _group(role: str, world: World) -> SecurityGroupTypeDef | None:
    named = f"{world.deployment.prefix}-{role}"
    groups = world.clients.ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [named]}])
    for group in groups["SecurityGroups"]:
        if world.deployment.owns(group.get("Tags", [])):
            return group
        if group["VpcId"] == vpc_id(world):
            raise SomebodyElses("security group", named, world.deployment.config.name)
    return None


def _inbound(role: str, world: World) -> list[str]:
    config = world.deployment.config
    if role == ENTRANCE:
        ports = (443, 80) if config.entrance.certificate_arn else (80,)
        return [f"tcp {port} from {network}" for port in ports for network in config.entrance.allow]
    if role == WORKERS:
        return [f"tcp {WORKER_PORT} from {world.id(CONTROL)}"]
    valkey = [] if config.control.valkey_url else [f"tcp {VALKEY_PORT} from {world.id(WORKERS)}"]
    return [f"tcp {GATEWAY_PORT} from {world.id(ENTRANCE)}", *valkey]


def _listed(found: Found) -> list[str]:
    inbound = found.fields["inbound"]
    return [str(rule) for rule in inbound] if isinstance(inbound, list) else []


def _rules(group: SecurityGroupTypeDef) -> list[str]:
    rules = []
    for permission in group["IpPermissions"]:
        first, last = permission.get("FromPort", 0), permission.get("ToPort", 65535)
        ports = f"{permission['IpProtocol']} {first}" + ("" if first == last else f"-{last}")
        sources = [
            *(pair.get("GroupId", "") for pair in permission.get("UserIdGroupPairs", [])),
            *(network.get("CidrIp", "") for network in permission.get("IpRanges", [])),
            *(network.get("CidrIpv6", "") for network in permission.get("Ipv6Ranges", [])),
        ]
        rules += [f"{ports} from {source}" for source in sources]
    return rules


def _permission(rule: str) -> Any:
    protocol, ports, _, source = rule.split(" ")
    first, _, last = ports.partition("-")
    permission: dict[str, Any] = {"IpProtocol": protocol}
    if protocol != "-1":
        permission |= {"FromPort": int(first), "ToPort": int(last or first)}
    if source.startswith("sg-"):
        return {**permission, "UserIdGroupPairs": [{"GroupId": source}]}
    if ":" in source:
        return {**permission, "Ipv6Ranges": [{"CidrIpv6": source}]}
    return {**permission, "IpRanges": [{"CidrIp": source}]}
