"""Measured throughput: how many pictures in a second a model makes on an instance type. Never a guess of ours."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ekiben.errors import OperatorError


class Measurement(BaseModel):
    """One measurement.

    Args:
        model: What was measured, such as `sd-1.5`.
        instance_type: Where, such as `g5.xlarge`.
        gpus: GPUs of it that worked.
        batch: Pictures computed together on each.
        images_per_s: All GPUs together.
        steps: Denoising steps of a picture.
        source: Who measured it, and how.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    instance_type: str
    gpus: int = Field(default=1, ge=1)
    batch: int = Field(default=1, ge=1)
    images_per_s: float = Field(gt=0)
    steps: int | None = Field(default=None, ge=1)
    source: str = ""


_MANY = TypeAdapter(tuple[Measurement, ...])


def read_measurements(path: Path) -> tuple[Measurement, ...]:
    """Read a YAML or JSON list of measurements.

    Raises:
        OperatorError: It is not there, or something in it is not a measurement.
    """
    try:
        return _MANY.validate_python(yaml.safe_load(path.read_text("utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise OperatorError(f"{path}: not a list of measurements: {error}") from None
