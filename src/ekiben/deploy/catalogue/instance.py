"""An instance type, and the catalogue of them."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from ekiben.errors import OperatorError


class InstanceType(BaseModel):
    """One EC2 instance type.

    Args:
        name: Such as `g5.xlarge`.
        gpu: Kind of its GPUs.
        gpus: Number of them.
        gpu_memory_gib: Memory of each.
        vcpus: Virtual processors.
        memory_gib: Main memory.
        usd_per_h: On-demand list price of an hour on Linux, in US dollars.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    gpu: str
    gpus: int = Field(ge=1)
    gpu_memory_gib: float = Field(gt=0)
    vcpus: int = Field(ge=1)
    memory_gib: float = Field(gt=0)
    usd_per_h: float = Field(gt=0)


class Catalogue(BaseModel):
    """Instance types of one region, with the day on which their prices held.

    Args:
        region: Whose prices these are.
        as_of: The day.
        outdated: Types whose price is known to have changed since.
        types: The types.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    region: str
    as_of: date
    outdated: tuple[str, ...] = ()
    types: tuple[InstanceType, ...]

    @property
    def usd_per_h(self) -> dict[str, float]:
        """On-demand list price of an hour, by type."""
        return {kind.name: kind.usd_per_h for kind in self.types}

    def get(self, name: str) -> InstanceType:
        """The type of that name.

        Raises:
            OperatorError: There is none here.
        """
        for candidate in self.types:
            if candidate.name == name:
                return candidate
        raise OperatorError(
            f"no instance type {name} in the catalogue; there are {', '.join(t.name for t in self.types)}"
        )
