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


class ModelList(ResponseModel):
    """Every model served here."""

    object: Literal["list"] = "list"
    data: list[ModelObject]
