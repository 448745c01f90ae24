"""What instance types are, and where they can be had."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ekiben.deploy.spot.absent import if_there
from ekiben.errors import ConfigurationError

if TYPE_CHECKING:
    from ekiben.deploy.spot.clients import Clients
    from ekiben.deploy.spot.config import SpotConfig


class Hardware(NamedTuple):
    """An instance type.

    Args:
        architecture: `x86_64` or `arm64`.
        gpu: Whether it has GPUs.
        zones: Those of the deployment that have it.
        nvme: Whether its volumes are NVMe devices, by whose names the control node finds its own.
    """

    architecture: str
    gpu: bool
    zones: tuple[str, ...]
    nvme: bool = True


def read_hardware(config: SpotConfig, clients: Clients, zones: Sequence[str]) -> dict[str, Hardware]:
    """Ask EC2 about every type that the configuration names.

    Raises:
        ConfigurationError: There is no such type, not in the region or not in the zones, or types of one model differ
            in what an image must be made for.
    """
    control = config.control.instance_type
    found = {name: _ask(name, config, clients, zones) for name in _names(config)}
    zone = config.control.zone or zones[0]
    if zone not in found[control].zones:
        raise ConfigurationError(f"control.instance_type: {zone} has no {control}; {_where(found[control])}")
    if config.control.valkey_url is None and not found[control].nvme:
        raise ConfigurationError(
            f"control.instance_type: {control} is of a generation without NVMe volumes; choose a newer one (t3, m5, …)"
        )
    for workers in config.workers:
        kinds = {found[name][:2] for name in workers.types}
        if len(kinds) > 1:
            raise ConfigurationError(
                f"workers {workers.model}: types must all have GPUs or none, and processors of one kind, since they run"
                " one image"
            )
    return found


def _names(config: SpotConfig) -> list[str]:
    named = {name for workers in config.workers for name in workers.types}
    return sorted(named | {config.control.instance_type})


def _ask(name: str, config: SpotConfig, clients: Clients, zones: Sequence[str]) -> Hardware:
    filters: Any = [{"Name": "instance-type", "Values": [name]}]
    offered = clients.ec2.describe_instance_type_offerings(LocationType="availability-zone", Filters=filters)
    there = {offer["Location"] for offer in offered["InstanceTypeOfferings"]}
    wanted: Any = [name]
    kinds = if_there(lambda: clients.ec2.describe_instance_types(InstanceTypes=wanted), "InvalidInstanceType")
    if not kinds or not there:
        raise ConfigurationError(f"{config.region} has no instance type {name}; choose another, or another region")
    if not there & set(zones):
        raise ConfigurationError(
            f"{name} is in none of the zones {', '.join(zones)}; {', '.join(sorted(there))} have it"
        )
    kind = kinds["InstanceTypes"][0]
    architecture = next(each for each in kind["ProcessorInfo"]["SupportedArchitectures"] if each in ("x86_64", "arm64"))
    nvme = kind.get("EbsInfo", {}).get("NvmeSupport") != "unsupported"
    return Hardware(architecture, "GpuInfo" in kind, tuple(zone for zone in zones if zone in there), nvme)


def _where(hardware: Hardware) -> str:
    return f"{', '.join(hardware.zones)} have it"
