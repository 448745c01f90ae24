"""`POST /v1/images/generations` and `/v1/images/edits`, OpenAI's, with what diffusion models can be told besides.

A field that our models cannot honour is refused by name rather than ignored; one that changes nothing about the picture
is taken and ignored.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StrictBool, StrictFloat, StrictInt
from pydantic_core import PydanticCustomError

from ekiben.schemas.base import RequestModel, ResponseModel
from ekiben.schemas.generation import Ignored, Unsupported

MAX_PARTIAL_IMAGES = 3
_MAX_SIDE_DIGITS = 5

Text = Annotated[str, Field(max_length=100_000)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Count = Annotated[StrictInt, Field(ge=1, le=1_000)]
Number = StrictInt | StrictFloat
Format = Literal["png", "jpeg", "webp"]


def _no_level(value: object) -> object:
    """OpenAI's quality levels stand for nothing here."""
    if value in (None, "auto", "standard"):
        return None
    raise PydanticCustomError("no_levels", "is auto or standard: models here have no other; say num_inference_steps")


def _opaque(value: object) -> object:
    if value in (None, "auto", "opaque"):
        return None
    raise PydanticCustomError("opaque", "is auto or opaque: models here draw no transparent pictures")


def _by_policy(value: object) -> object:
    if value in (None, "auto"):
        return None
    raise PydanticCustomError("by_policy", "is auto: what is moderated is this server's policy")


class ImageAdapter(RequestModel):
    """A low-rank adapter (LoRA) of the model's card, and how much of it to add."""

    name: Name
    weight: Annotated[Number, Field(ge=-100, le=100)] = 1.0


class ImageOptions(RequestModel):
    """What to draw, and how; what is left out is the model's own choice, as its card says."""

    prompt: Annotated[Text, Field(min_length=1)]
    model: Name | None = None
    n: Annotated[Count | None, Field(description="Pictures; each has the seed after the one before.")] = None
    size: Annotated[
        str | None,
        Field(pattern=rf"^(auto|[1-9]\d{{0,{_MAX_SIDE_DIGITS - 1}}}x[1-9]\d{{0,{_MAX_SIDE_DIGITS - 1}}})$"),
        Field(description="WIDTHxHEIGHT in pixels, or `auto`."),
    ] = None
    response_format: Annotated[
        Literal["b64_json", "url"] | None, Field(description="`url` is a link that expires; default `b64_json`.")
    ] = None
    output_format: Format | None = None
    output_compression: Annotated[
        StrictInt | None,
        Field(ge=0, le=100, description="Quality of JPEG and WebP in percent; 100, the default, is WebP's lossless."),
    ] = None
    stream: StrictBool | None = None
    partial_images: Annotated[
        StrictInt | None, Field(ge=0, le=MAX_PARTIAL_IMAGES, description="Previews of a streamed picture.")
    ] = None
    negative_prompt: Text | None = None
    num_inference_steps: Count | None = None
    guidance_scale: Annotated[Number, Field(ge=0, le=1_000)] | None = None
    seed: Annotated[StrictInt, Field(ge=0, lt=2**63)] | None = None
    scheduler: Name | None = None
    adapters: Annotated[list[ImageAdapter], Field(max_length=16)] | None = None
    quality: Annotated[None, BeforeValidator(_no_level), Field(description="`auto` or `standard`, no other.")] = None
    background: Annotated[None, BeforeValidator(_opaque), Field(description="`auto` or `opaque`, no other.")] = None
    user: Ignored = None
    safety_identifier: Ignored = None
    complexity: Unsupported = None
    frame_count: Unsupported = None
    frame_duration_ms: Unsupported = None
    svg: Unsupported = None

    @property
    def dimensions(self) -> tuple[int, int] | None:
        """Width and height in pixels; None: the model's own."""
        if self.size in (None, "auto"):
            return None
        width, _, height = (self.size or "").partition("x")
        return int(width), int(height)


class ImageGenerationRequest(ImageOptions):
    """A picture from text alone."""

    style: Unsupported = None
    moderation: Annotated[None, BeforeValidator(_by_policy), Field(description="`auto`, no other.")] = None


class SocketImageRequest(ImageGenerationRequest):
    """A request on the WebSocket; every step is told there.

    Attributes:
        type: May be left out.
        binary: Send pictures as binary messages of their own rather than as base64 inside the JSON.
    """

    type: Literal["generate"] = "generate"
    binary: StrictBool = False
    stream: Unsupported = None
    response_format: Literal["b64_json"] | None = None


class ImageEditForm(ImageOptions):
    """The fields of the form beside its files `image` and `mask`.

    Attributes:
        strength: How much of the source image is drawn anew: above 0, to 1 for all of it.
    """

    strength: Annotated[Number, Field(gt=0, le=1)] | None = None
    input_fidelity: Unsupported = None


class ImageEditInput(ImageEditForm):
    """The same without a form: its files as `data:` URLs."""

    image: str
    mask: str | None = None


class ImagePromptMatch(ResponseModel):
    """How much of a prompt was understood: from 0 to 1; what known words stand for; the words that are not known."""

    score: float
    things: list[str]
    unknown: list[str]


class ImageFacts(ResponseModel):
    """How a picture was made: with the same facts it can be made again. Timings are milliseconds by stage.

    `prompt_match` is told by models that know a list of things.
    """

    seed: int
    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float
    scheduler: str
    model: str
    model_version: str
    timings_ms: dict[str, float]
    rows_per_step: float
    prompt_match: ImagePromptMatch | None = None


class GeneratedImage(ImageFacts):
    """A picture, as a file in base64 or under a link that expires."""

    b64_json: str | None = None
    url: str | None = None


class ImageTokens(ResponseModel):
    """By kind."""

    image_tokens: int = 0
    text_tokens: int = 0


class ImageUsage(ResponseModel):
    """Tokens, as OpenAI counts them; diffusion models have none, so that all are 0."""

    input_tokens: int = 0
    input_tokens_details: ImageTokens = ImageTokens()
    output_tokens: int = 0
    total_tokens: int = 0


class ImagesResponse(ResponseModel):
    """The pictures, in the order of their seeds; `created` is in Unix seconds."""

    created: int
    data: list[GeneratedImage]
    background: Literal["opaque"] = "opaque"
    output_format: Format
    size: str
    usage: ImageUsage = ImageUsage()


class ImageEvent(ResponseModel):
    """An event of a stream: a preview, or the finished picture with its facts."""

    type: Literal[
        "image_generation.partial_image",
        "image_generation.completed",
        "image_edit.partial_image",
        "image_edit.completed",
    ]
    b64_json: str
    created_at: int
    size: str
    quality: Literal["auto"] = "auto"
    background: Literal["opaque"] = "opaque"
    output_format: Format
    partial_image_index: Annotated[int | None, Field(description="Of previews, from 0 on.")] = None
    usage: Annotated[ImageUsage | None, Field(description="Of the finished picture, as are its facts.")] = None
