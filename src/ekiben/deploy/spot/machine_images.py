"""Machine images, by the parameters in which AWS publishes its newest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ekiben.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ekiben.deploy.spot.clients import Clients
    from ekiben.deploy.spot.config import SpotConfig
    from ekiben.deploy.spot.hardware import Hardware

CONTROL: Final = "control"
_PLAIN: Final = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}"
# ECS's, for its driver, docker and container toolkit; its agent is turned off.
_GPU: Final = {
    "x86_64": "/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id",
}


def read_amis(config: SpotConfig, clients: Clients, hardware: Mapping[str, Hardware]) -> dict[str, str]:
    """Ids of machine images, of the control node (`control`) and of each model.

    Raises:
        OperatorError: AWS publishes none for such instances.
    """
    amis = {CONTROL: _newest(clients, hardware[config.control.instance_type], CONTROL)}
    for workers in config.workers:
        amis[workers.model] = workers.image_id or _newest(clients, hardware[next(iter(workers.types))], workers.model)
    return amis


def _newest(clients: Clients, hardware: Hardware, role: str) -> str:
    parameter = _GPU.get(hardware.architecture) if hardware.gpu else _PLAIN.format(architecture=hardware.architecture)
    if parameter is None:
        raise OperatorError(
            f"workers {role}: no machine image is known for GPUs and {hardware.architecture}; give image_id"
        )
    return clients.ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
