"""What a caller asks for: data that can be written into a checkpoint and read back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from ekiben.diffusion.schedulers import SchedulerName
from ekiben.errors import InvalidRequest

MAX_SEED = 2**63 - 1
_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"

Pixels = NDArray[np.uint8]
"""A picture: [height, width, 3], red, green, blue."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Adapter(_Frozen):
    """A low-rank adapter (LoRA) that the model has loaded, and how much of it to add."""

    name: Annotated[str, Field(pattern=_NAME, max_length=100)]
    weight: Annotated[float, Field(ge=-10, le=10)] = 1.0


class ImageRequest(_Frozen):
    """One picture.

    Attributes:
        prompt: What to show.
        negative_prompt: What to steer away from; only where guidance is on. None is not the same as an empty text
            for models that were trained with a zeroed encoding.
        width: In pixels.
        height: In pixels.
        steps: Denoising steps; with a source image, `strength` leaves out the first of them.
        guidance_scale: Weight of classifier-free guidance, off at 1 and below; for distilled models the value that
            is told to the model.
        seed: Of all noise in this picture.
        scheduler: None for the model's own.
        strength: How much of a source image is noised over, from 0 to 1; only used with one.
        adapters: Applied together.
    """

    prompt: Annotated[str, Field(max_length=100_000)]
    negative_prompt: Annotated[str, Field(max_length=100_000)] | None = None
    width: Annotated[int, Field(ge=8, le=16_384)]
    height: Annotated[int, Field(ge=8, le=16_384)]
    steps: Annotated[int, Field(ge=1, le=1_000)]
    guidance_scale: Annotated[float, Field(ge=0, le=1_000)]
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)]
    scheduler: SchedulerName | None = None
    strength: Annotated[float, Field(gt=0, le=1)] = 0.8
    adapters: tuple[Adapter, ...] = ()

    @property
    def pixels(self) -> int:
        """Area of the picture."""
        return self.width * self.height


@dataclass(frozen=True, slots=True, eq=False)
class SourceImage:
    """What to start from instead of noise alone.

    Attributes:
        pixels: The picture, of any size; it is scaled to the request's.
        mask: [height, width]: 255 where the picture is painted anew, 0 where it stays; None to paint all of it.

    Raises:
        InvalidRequest: Wrong shape or type.
    """

    pixels: Pixels
    mask: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.uint8 or self.pixels.ndim != 3 or self.pixels.shape[2] != 3:
            raise InvalidRequest("The image must be bytes of [height, width, 3].", param="image")
        if self.mask is not None and (self.mask.dtype != np.uint8 or self.mask.shape != self.pixels.shape[:2]):
            raise InvalidRequest("The mask must be bytes of the image's [height, width].", param="mask")
