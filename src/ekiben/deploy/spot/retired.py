"""What the deployment had under an earlier configuration, and does not want any more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ekiben.deploy.spot.config_parts import Budget, Workers
from ekiben.deploy.spot.deployment import DEPLOYMENT_TAG, RESOURCE_TAG
from ekiben.deploy.spot.inventory import inventory
from ekiben.deploy.spot.resources.data_volume import VOLUME, Snapshots
from ekiben.deploy.spot.resources.repository import GATEWAY
from ekiben.deploy.spot.world import World

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ekiben.deploy.spot.deployment import Deployment
    from ekiben.deploy.spot.pushing import Pusher
    from ekiben.deploy.spot.resource import Resource

RIGHTS: Final = ("autoscaling:DescribeAutoScalingGroups", "ec2:DescribeSubnets", "ecr:DescribeRepositories")
_CERTIFICATE: Final = "arn:aws:acm:us-east-1:000000000000:certificate/any"


def everything(world: World, pusher: Pusher) -> tuple[tuple[Resource, ...], World]:
    """All that may be there of the deployment, whatever its configuration says now; and where to look for it."""
    deployment = _at_most(world)
    resources = (Snapshots(), *inventory(deployment, pusher))
    return resources, World(world.clients, deployment, dict(world.found))


def retired(world: World, current: Iterable[Resource], pusher: Pusher) -> tuple[tuple[Resource, ...], World]:
    """What is not wanted any more, each after all that it needs; never the data."""
    resources, there = everything(world, pusher)
    wanted = {resource.name for resource in current} | {VOLUME, Snapshots.name}
    return tuple(resource for resource in resources if resource.name not in wanted), there


def _at_most(world: World) -> Deployment:
    deployment = world.deployment
    config = deployment.config
    models = _models(world) - {workers.model for workers in config.workers}
    first, files = config.workers[0], config.secrets
    gone = [
        Workers(model=model, image="gone:gone", types=dict.fromkeys(first.types), most=1) for model in sorted(models)
    ]
    most = config.model_copy(
        update={
            "workers": (*config.workers, *gone),
            "control": config.control.model_copy(update={"valkey_url": None}),
            "entrance": config.entrance.model_copy(
                update={"certificate_arn": config.entrance.certificate_arn or _CERTIFICATE}
            ),
            "secrets": files.model_copy(update={"webhook_secrets_file": files.webhook_secrets_file or files.keys_file}),
            "budget": config.budget or Budget(usd_per_month=1, email="nobody@example.com"),
        }
    )
    amis = {**deployment.amis, **dict.fromkeys(models, deployment.amis[first.model])}
    return replace(deployment, config=most, amis=amis, zones=tuple(sorted({*deployment.zones, *_zones(world)})))


def _models(world: World) -> set[str]:
    """Those that have, or had, a repository or a group here."""
    prefix = f"ekiben/{world.deployment.config.name}/"
    names = set()
    for page in world.clients.ecr.get_paginator("describe_repositories").paginate():
        for repository in page["repositories"]:
            role = repository["repositoryName"].removeprefix(prefix)
            if repository["repositoryName"].startswith(prefix) and role != GATEWAY:
                tags = world.clients.ecr.list_tags_for_resource(resourceArn=repository["repositoryArn"])["tags"]
                names |= {role} if world.deployment.owns(tags) else set()
    return names


def _zones(world: World) -> set[str]:
    """Those that have a subnet of the deployment's own."""
    filters: Any = [
        {"Name": f"tag:{DEPLOYMENT_TAG}", "Values": [world.deployment.config.name]},
        {"Name": f"tag:{RESOURCE_TAG}", "Values": ["subnet-*"]},
    ]
    found = world.clients.ec2.describe_subnets(Filters=filters)["Subnets"]
    return {subnet["AvailabilityZone"] for subnet in found}
