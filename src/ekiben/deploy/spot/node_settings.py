"""Settings of the platform on the nodes, without the secret ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ekiben.deploy.spot.deployment import GATEWAY_PORT, WORKER_PORT

if TYPE_CHECKING:
    from ekiben.deploy.spot.config_parts import Workers
    from ekiben.deploy.spot.deployment import Deployment


def control_settings(deployment: Deployment) -> str:
    """Of the gateway, a variable a line."""
    config = deployment.config
    models = ",".join(sorted(workers.model for workers in config.workers))
    least = min(workers.least for workers in config.workers)
    most = max(workers.most for workers in config.workers)
    return _lines(
        EKIBEN_HOST="0.0.0.0",  # noqa: S104  # behind the firewall, and with keys
        EKIBEN_PORT=GATEWAY_PORT,
        EKIBEN_ONLY=models,
        EKIBEN_WORKERS_ELSEWHERE=models,
        EKIBEN_KEYS_FILE="/run/ekiben/secrets/keys",
        EKIBEN_STATE_DIR="/var/lib/ekiben/state",
        EKIBEN_SCALING=config.control.scaling,
        EKIBEN_SCALING_LEAST=least,
        EKIBEN_SCALING_MOST=most,
        **_shared(deployment),
    )


def worker_settings(deployment: Deployment, workers: Workers) -> str:
    """Of a worker, a variable a line; its address is known to the instance alone."""
    return _lines(
        EKIBEN_HOST="127.0.0.1",
        EKIBEN_PORT=GATEWAY_PORT,
        EKIBEN_ONLY=workers.model,
        EKIBEN_WORKER_LISTEN=f"0.0.0.0:{WORKER_PORT}",
        **_shared(deployment),
    )


def _shared(deployment: Deployment) -> dict[str, str]:
    control = deployment.config.control
    durable = control.valkey_url is None or control.valkey_durable
    return {
        "EKIBEN_VALKEY_DURABLE": "true" if durable else "false",
        "EKIBEN_RUN_DIR": "/run/ekiben/run",
        "EKIBEN_SECRETS_DIR": "/run/ekiben/secrets",
        "EKIBEN_OBJECTS": f"s3://{deployment.bucket}/objects",
        "EKIBEN_LOG_FORMAT": "json",
        "AWS_REGION": deployment.region,
        "AWS_DEFAULT_REGION": deployment.region,
    }


def _lines(**variables: object) -> str:
    return "\n".join(f"{name}={value}" for name, value in variables.items())
