"""Everything that a deployment is made of, in the order in which it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ekiben.deploy.spot.machine_images import CONTROL
from ekiben.deploy.spot.order import in_order
from ekiben.deploy.spot.resources import firewall, roles
from ekiben.deploy.spot.resources.bucket import StorageBucket
from ekiben.deploy.spot.resources.control_node import ControlNode
from ekiben.deploy.spot.resources.cost_alarm import CostAlarm
from ekiben.deploy.spot.resources.data_volume import DataVolume
from ekiben.deploy.spot.resources.entrance import LoadBalancer
from ekiben.deploy.spot.resources.error_alarm import ErrorAlarm
from ekiben.deploy.spot.resources.launch_template import LaunchTemplate
from ekiben.deploy.spot.resources.listener import HTTP, HTTPS, Listener
from ekiben.deploy.spot.resources.log_group import LogGroup
from ekiben.deploy.spot.resources.network import InternetGateway, Subnet, Vpc
from ekiben.deploy.spot.resources.private_zone import PrivateZone
from ekiben.deploy.spot.resources.profiles import Profile
from ekiben.deploy.spot.resources.pushed_image import PushedImage
from ekiben.deploy.spot.resources.repository import GATEWAY, Repository
from ekiben.deploy.spot.resources.roles import Role
from ekiben.deploy.spot.resources.routes import RouteTable, StorageEndpoint
from ekiben.deploy.spot.resources.secret import (
    KEYS,
    LINK_SECRET,
    VALKEY_PASSWORD,
    WEBHOOK_SECRETS,
    WORKER_TOKEN,
    Secret,
)
from ekiben.deploy.spot.resources.target_group import TargetGroup
from ekiben.deploy.spot.resources.worker_group import WorkerGroup

if TYPE_CHECKING:
    from ekiben.deploy.spot.deployment import Deployment
    from ekiben.deploy.spot.pushing import Pusher
    from ekiben.deploy.spot.resource import Resource


def inventory(deployment: Deployment, pusher: Pusher) -> tuple[Resource, ...]:
    """What is wanted, each after all that it needs.

    Args:
        deployment: What it is for.
        pusher: Brings images to ECR.
    """
    return in_order(
        [
            *_network(deployment),
            *_storage(deployment),
            *_rights_and_secrets(deployment),
            *_images(deployment, pusher),
            *_entrance(deployment),
            *_nodes(deployment),
        ]
    )


def _network(deployment: Deployment) -> list[Resource]:
    groups = (firewall.ENTRANCE, firewall.CONTROL, firewall.WORKERS)
    firewalls: list[Resource] = [make(role) for make in (firewall.Firewall, firewall.Rules) for role in groups]
    if deployment.config.network.vpc:
        return firewalls
    zones = deployment.zones
    return [Vpc(), InternetGateway(), *map(Subnet, zones), RouteTable(zones), StorageEndpoint(), *firewalls]


def _storage(deployment: Deployment) -> list[Resource]:
    own = [] if deployment.config.control.valkey_url else [DataVolume(), PrivateZone()]
    return [StorageBucket(), *own]


def _rights_and_secrets(deployment: Deployment) -> list[Resource]:
    files = deployment.config.secrets
    generated = [Secret(key) for key in (WORKER_TOKEN, LINK_SECRET)]
    own = deployment.config.control.valkey_url is None
    password = [Secret(VALKEY_PASSWORD, files.valkey_password_file)] if own or files.valkey_password_file else []
    webhooks = [Secret(WEBHOOK_SECRETS, files.webhook_secrets_file)] if files.webhook_secrets_file else []
    kinds = (roles.CONTROL, roles.WORKERS)
    return [*map(Role, kinds), *map(Profile, kinds), Secret(KEYS, files.keys_file), *generated, *password, *webhooks]


def _images(deployment: Deployment, pusher: Pusher) -> list[Resource]:
    config = deployment.config
    images = {GATEWAY: config.control.image} | {workers.model: workers.image for workers in config.workers}
    return [*map(Repository, images), *(PushedImage(role, image, pusher) for role, image in images.items())]


def _entrance(deployment: Deployment) -> list[Resource]:
    ports = (HTTPS, HTTP) if deployment.config.entrance.certificate_arn else (HTTP,)
    return [TargetGroup(), LoadBalancer(), *map(Listener, ports), ErrorAlarm()]


def _nodes(deployment: Deployment) -> list[Resource]:
    models = [workers.model for workers in deployment.config.workers]
    alarm = [CostAlarm()] if deployment.config.budget else []
    names = (CONTROL, *models)
    return [*map(LogGroup, names), *map(LaunchTemplate, names), ControlNode(), *map(WorkerGroup, models), *alarm]
