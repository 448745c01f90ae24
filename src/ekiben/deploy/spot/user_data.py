"""What nodes do when they start for the first time: shell, from the files in `nodes/`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from string import Template
from typing import TYPE_CHECKING, Final

from ekiben.deploy.containerfile import UID
from ekiben.deploy.spot.deployment import GATEWAY_PORT, VALKEY_PORT, WORKER_PORT
from ekiben.deploy.spot.node_settings import control_settings, worker_settings
from ekiben.deploy.spot.resources.data_volume import SNAPSHOT, VOLUME
from ekiben.deploy.spot.resources.repository import GATEWAY, image_uri
from ekiben.deploy.spot.resources.secret import KEYS, LINK_SECRET, VALKEY_PASSWORD, WEBHOOK_SECRETS, WORKER_TOKEN

if TYPE_CHECKING:
    from ekiben.deploy.spot.config_parts import Workers
    from ekiben.deploy.spot.deployment import Deployment

LAUNCHING, TERMINATING = "launching", "terminating"
"""Names of the lifecycle hooks."""
_VALKEY: Final = f"""\
bind 0.0.0.0
port {VALKEY_PORT}
protected-mode yes
appendonly yes
appendfsync always
no-appendfsync-on-rewrite no
save ""
maxmemory-policy noeviction
dir /var/lib/ekiben/valkey"""


class _Shell(Template):
    """`@@{name}` is filled in; a dollar sign is the shell's."""

    delimiter = "@@"


def worker_script(deployment: Deployment, workers: Workers, group: str) -> str:
    """Of an instance that serves a model.

    Args:
        deployment: Of which it is a part.
        workers: Its model.
        group: Name of its Auto Scaling group.
    """
    gpu = any(deployment.hardware[name].gpu for name in workers.types)
    image = image_uri(deployment, workers.model, workers.image)
    return _common(deployment, image, _shared_secrets(deployment)) + _file(
        "worker.sh",
        **_shared(deployment, image),
        model=workers.model,
        gpus="--gpus all" if gpu else "",
        environment=worker_settings(deployment, workers),
        worker_port=WORKER_PORT,
        gateway_port=GATEWAY_PORT,
        group=group,
        launching=LAUNCHING,
        terminating=TERMINATING,
    )


def control_script(deployment: Deployment, zone_id: str, subnets: Sequence[str]) -> str:
    """Of the node with the gateway.

    Args:
        deployment: Of which it is a part.
        zone_id: Of the private DNS zone; used where Valkey is on the node.
        subnets: Where workers may be.
    """
    image = image_uri(deployment, GATEWAY, deployment.config.control.image)
    shared = _shared(deployment, image)
    managed = deployment.config.control.valkey_url is not None
    webhooks = deployment.config.secrets.webhook_secrets_file is not None
    secrets = "\n".join(
        [
            _shared_secrets(deployment),
            f"put ekiben_link_secret secret {LINK_SECRET}",
            f"put keys secret {KEYS}",
            *([f"put ekiben_webhook_secrets secret {WEBHOOK_SECRETS}"] if webhooks else []),
            *([] if managed else [_valkey_file()]),
        ]
    )
    valkey = "" if managed else _file("valkey.sh", **shared, **_valkey_words(deployment, zone_id))
    units = "" if managed else "systemctl enable --now ekiben-valkey ekiben-snapshot.timer"
    return _common(deployment, image, secrets) + _file(
        "control.sh",
        **shared,
        volume=valkey,
        environment=control_settings(deployment),
        subnets=" ".join(f"--subnet {subnet}" for subnet in subnets),
        before_gateway="" if managed else "ekiben-valkey.service",
        start=units,
    )


def _common(deployment: Deployment, image: str, secrets: str) -> str:
    return _file("common.sh", **_shared(deployment, image), registry=deployment.registry, secrets=secrets) + "\n"


def _shared(deployment: Deployment, image: str) -> dict[str, object]:
    return {
        "deployment": deployment.config.name,
        "region": deployment.region,
        "path": deployment.path,
        "image": image,
        "uid": UID,
    }


def _valkey_words(deployment: Deployment, zone_id: str) -> dict[str, object]:
    return {
        "volume_name": VOLUME,
        "snapshot_name": SNAPSHOT,
        "kept": deployment.config.control.snapshots_kept,
        "prefix": deployment.prefix,
        "zone_id": zone_id,
        "host": f"control.{deployment.private_domain}",
    }


def _shared_secrets(deployment: Deployment) -> str:
    url = deployment.config.control.valkey_url or f"valkey://control.{deployment.private_domain}:{VALKEY_PORT}/0"
    scheme, _, rest = url.partition("://")
    given = deployment.config.control.valkey_url is None or deployment.config.secrets.valkey_password_file
    password = f"printf :; secret {VALKEY_PASSWORD} | quoted; printf @; " if given else ""
    return (
        f"put ekiben_worker_token secret {WORKER_TOKEN}\n"
        f"valkey_url() {{ printf '%s' '{scheme}://'; {password}printf '%s' '{rest}'; }}\n"
        "put ekiben_valkey_url valkey_url"
    )


def _valkey_file() -> str:
    return (
        f"valkey_conf() {{\ncat <<'CONFIGURATION'\n{_VALKEY}\nCONFIGURATION\n"
        f"printf 'requirepass '\nsecret {VALKEY_PASSWORD}\n}}\nput valkey.conf valkey_conf"
    )


def _file(name: str, **words: object) -> str:
    text = resources.files(__package__).joinpath("nodes", name).read_text("utf-8")
    return _Shell(text).substitute(words)
