"""`GET /v1/models` and `GET /v1/models/{model}`: OpenAI's object plus what our cards know."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ekiben.schemas.base import ResponseModel


class ModelLicence(ResponseModel):
    """SPDX identifiers (or a name and a URL) of the code and of the weights."""

    code: str
    weights: str


class ModelLimits(ResponseModel):
    """What one request to the model may hold; null where a limit does not apply."""

    max_items: int | None = None
    max_tokens: int | None = None
    max_characters: int | None = None
    max_pixels: int | None = None
    max_timeout_ms: int | None = None


class ModelImages(ResponseModel):
    """What a model that draws can be asked for, and what it does when it is not told. Sizes are in pixels.

    Attributes:
        default_size: Width and height.
        size_multiple: Width and height must be multiples of it.
        max_images: Of one request (`n`).
        schedulers: The first is the default.
        edits: Whether source images and masks are taken.
        adapters: The most of each that a request may add, by name.
        previews: Whether unfinished pictures can be seen.
    """

    default_size: tuple[int, int]
    min_side: int
    max_side: int
    max_pixels: int
    size_multiple: int
    default_steps: int
    max_steps: int
    default_guidance_scale: float
    max_guidance_scale: float
    max_images: int
    schedulers: list[str]
    negative_prompt: bool
    edits: bool
    adapters: dict[str, float] = Field(default_factory=dict)
    previews: bool


class ModelObject(ResponseModel):
    """One served model; `created` is in Unix seconds."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str
    task: str | None = None
    version: str | None = None
    description: str | None = None
    licence: ModelLicence | None = None
    limits: ModelLimits = Field(default_factory=ModelLimits)
    images: ModelImages | None = None


class ModelList(ResponseModel):
    """Every model served here."""

    object: Literal["list"] = "list"
    data: list[ModelObject]
