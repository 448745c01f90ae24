"""The model card: data that says everything the platform knows about one model.

Frozen and strict: an unknown key, a wrong type or a value out of range refuses the card. The loader
(`ekiben.cards.catalogue`) adds what only a file can tell: the served name and the folder.
"""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from ekiben.cards.images import Images, Levers
from ekiben.cards.levers import lever_fault
from ekiben.cards.moderation import Moderation

NAME_PATTERN = r"^[a-z0-9]+(?:[.-][a-z0-9]+)*$"
VERSION_PATTERN = r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9a-z.-]+)?$"


class Task(StrEnum):
    """What a model does; the folder a card lies in and the service that runs it."""

    IMAGE_CLASSIFICATION = "image-classification"
    MODERATION = "moderation"
    TEXT_EMBEDDING = "text-embedding"
    TEXT_GENERATION = "text-generation"
    TEXT_TO_IMAGE = "text-to-image"

    @property
    def takes_tensors(self) -> bool:
        """Whether its models answer the Open Inference Protocol; those that generate are asked in words instead."""
        return self not in (Task.TEXT_GENERATION, Task.TEXT_TO_IMAGE)


class Runtime(StrEnum):
    """What executes a model; `openai` is a server elsewhere that speaks OpenAI's API, such as vLLM's."""

    ONNXRUNTIME = "onnxruntime"
    LLAMA_CPP = "llama-cpp"
    DIFFUSERS = "diffusers"
    OPENAI = "openai"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def _safe_relative(path: str) -> str:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts or str(pure) != path:
        raise ValueError("must be a plain relative path: no '..', './' or '//'")
    if not re.fullmatch(r"[\w./+ -]+", path):
        raise ValueError("may hold letters, digits, '.', '_', '-', '+', space and '/' only")
    return path


RelativePath = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_safe_relative)]

# No part may begin with '-': a source must never read as an option of the program that fetches it.
_SOURCE = re.compile(
    r"pypi:[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9][A-Za-z0-9.!+_-]*/.+"
    r"|hf:\w[\w.-]*/\w[\w.-]*@[0-9a-f]{40}/.+"
    r"|s3:[a-z0-9][a-z0-9.-]{2,62}/.+"
    r"|file:.+"
)
_UNRESOLVED = re.compile(r"hf:\w[\w.-]*/\w[\w.-]*(@\w[\w.-]*)?/.+")

# Formats that hold data and nothing that runs when read.
STORABLE_SUFFIXES = frozenset({".onnx", ".safetensors", ".gguf", ".json", ".txt", ".md"})
# Read by a conversion recipe that interprets the file itself and runs nothing in it.
CONVERTIBLE_SUFFIXES = STORABLE_SUFFIXES | {".pth", ".joblib", ".gz"}


def _known_source(source: str) -> str:
    if not (_SOURCE.fullmatch(source) or _UNRESOLVED.fullmatch(source)):
        raise ValueError(
            "must be pypi:package==version/file, hf:owner/name@<40 hex digits>/file, s3:bucket/key or file:path"
        )
    return source


SourceUri = Annotated[str, Field(max_length=1_000), AfterValidator(_known_source)]


class Source(_Frozen):
    """Where the model's files come from.

    `files` maps the name a file has in the model store to its origin. With `convert`, the origins are inputs
    of that named recipe (`ekiben.conversion`), and the store holds what the recipe makes of them. Only a model
    that is computed elsewhere has no files.
    """

    files: Annotated[dict[RelativePath, SourceUri], Field(max_length=200)] = Field(default_factory=dict)
    convert: str | None = None

    @model_validator(mode="after")
    def _formats_hold_data_only(self) -> Source:
        allowed = CONVERTIBLE_SUFFIXES if self.convert else STORABLE_SUFFIXES
        for name in self.files:
            if PurePosixPath(name).suffix.lower() not in allowed:
                raise ValueError(f"files: {name!r} is not one of {', '.join(sorted(allowed))}")
        return self

    @property
    def resolved(self) -> bool:
        """Whether every origin is pinned; a card that is not is a template and is not served."""
        return all(_SOURCE.fullmatch(uri) for uri in self.files.values())


class Licence(_Frozen):
    """SPDX identifiers (or a name and a URL) of the code and of the weights.

    Attributes:
        restricted: What the weights may not be used for without more ado, such as commerce; a pull asks first.
    """

    code: Annotated[str, Field(min_length=1)]
    weights: Annotated[str, Field(min_length=1)]
    restricted: Annotated[str, Field(min_length=1, max_length=300)] | None = None
    notice: str | None = None


class Inputs(_Frozen):
    """What one request may hold; each limit becomes a clear 4xx beyond it."""

    max_items: Annotated[int, Field(ge=1, le=4_096)] = 64
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_characters: Annotated[int, Field(ge=1)] | None = None
    max_total_characters: Annotated[int, Field(ge=1)] | None = None
    max_pixels: Annotated[int, Field(ge=1)] | None = None
    image_size: Annotated[int, Field(ge=1)] | None = None
    dimensions: Annotated[int, Field(ge=1)] | None = None


class Batch(_Frozen):
    """How work is batched; costs are in `cost_unit`."""

    cost_unit: Literal["items", "tokens", "pixels"] = "items"
    max_cost: Annotated[int, Field(ge=1)]
    max_items: Annotated[int, Field(ge=1)]
    max_wait_ms: Annotated[float, Field(ge=0, le=1_000)] = 5.0
    max_queue_items: Annotated[int, Field(ge=1)] = 512
    max_padding_share: Annotated[float, Field(ge=0, le=1)] = 0.2


class Latency(_Frozen):
    """Deadlines in milliseconds: what a request gets when it names none, and the most it may ask for."""

    default_timeout_ms: Annotated[int, Field(ge=1)] = 30_000
    max_timeout_ms: Annotated[int, Field(ge=1)] = 120_000


class Resources(_Frozen):
    """What one worker needs; the start-up planner refuses to overcommit."""

    workers: Annotated[int, Field(ge=1, le=64)] = 1
    cpu: Annotated[float, Field(gt=0)] = 1.0
    memory_gib: Annotated[float, Field(gt=0)]
    gpu: Annotated[int, Field(ge=0, le=1)] = 0
    gpu_memory_gib: Annotated[float, Field(ge=0)] = 0.0
    gpu_type: str | None = None


class Session(_Frozen):
    """ONNX Runtime options. Providers are tried in order; the first the machine has is used, CPU last."""

    providers: tuple[Literal["tensorrt", "cuda", "cpu"], ...] = ("cuda", "cpu")
    intra_op_threads: Annotated[int, Field(ge=1)] | None = None
    graph_optimization: Literal["off", "basic", "extended", "all"] = "all"


class Generation(_Frozen):
    """Limits of generated text; what a prompt may hold stands in `inputs`.

    `context_tokens` is what prompt and answer together may have. `max_tokens` is the longest answer a request may
    ask for, and what one that asks for nothing gets, as far as the context reaches.
    """

    context_tokens: Annotated[int, Field(ge=16)]
    max_tokens: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _answer_fits(self) -> Generation:
        if self.max_tokens > self.context_tokens:
            raise ValueError(f"max_tokens {self.max_tokens} is above context_tokens {self.context_tokens}")
        return self


class Upstream(_Frozen):
    """A server elsewhere that computes the model.

    Attributes:
        url: Where its API begins, such as `http://gpu-1:8000/v1`; without one the card is a template.
        model: What that server calls the model.
        key: Name of the entry in `EKIBEN_UPSTREAM_KEYS` that holds its key; none: no key is sent.
        health_path: From the server's root on; the worker is ready while it answers 200.
    """

    url: Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+(/[^\s?#@]*)?$", max_length=500)] | None = None
    model: Annotated[str, Field(min_length=1, max_length=200)]
    key: Annotated[str, Field(pattern=NAME_PATTERN, max_length=63)] | None = None
    health_path: Annotated[str, Field(pattern=r"^/[^\s?#]*$", max_length=200)] = "/health"


Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos"]
Fraction = Annotated[float, Field(ge=0, le=1)]


class Preprocess(_Frozen):
    """How a picture becomes the model's input: resize, centre crop, scale to 0..1, normalise.

    `resize` is the length of the shorter side before the crop of `crop` by `crop` pixels; `mean` is
    subtracted, then `std` divides: per channel (red, green, blue) on the scale 0..1.
    """

    resize: Annotated[int, Field(ge=1, le=8_192)]
    crop: Annotated[int, Field(ge=1, le=8_192)]
    interpolation: Interpolation
    mean: tuple[Fraction, Fraction, Fraction]
    std: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]]

    @model_validator(mode="after")
    def _crop_fits(self) -> Preprocess:
        if self.crop > self.resize:
            raise ValueError(f"crop {self.crop} is larger than resize {self.resize}")
        return self


class Card(_Frozen):
    """One model, as `models/<task>/<served-name>.yaml` describes it."""

    name: Annotated[str, Field(pattern=NAME_PATTERN, max_length=63)]
    folder: Path
    task: Task
    runtime: Runtime
    description: Annotated[str, Field(min_length=1, max_length=500)]
    version: Annotated[str, Field(pattern=VERSION_PATTERN)]
    source: Source = Source()
    licence: Licence
    precision: Literal["fp32", "fp16", "bf16", "int8", "fp8", "int4"]
    inputs: Inputs
    batch: Batch
    latency: Latency = Latency()
    resources: Resources
    session: Session = Session()
    generation: Generation | None = None
    upstream: Upstream | None = None
    preprocess: Preprocess | None = None
    moderation: Moderation | None = None
    images: Images | None = None
    levers: Levers = Levers()
    labels: RelativePath | None = None
    evaluation: dict[str, float] = Field(default_factory=dict)

    @property
    def tag(self) -> str:
        """The tag of the weights in BentoML's model store."""
        return f"{self.name}:{self.version}"

    @property
    def resolved(self) -> bool:
        """Whether everything it points at is fixed; a card that is not is a template and is not served."""
        return self.source.resolved and (self.upstream is None or self.upstream.url is not None)

    @property
    def has_weights(self) -> bool:
        """Whether there are weights to store; not where a server elsewhere computes."""
        return bool(self.source.files)

    @property
    def labels_path(self) -> Path | None:
        """The file of class names, beside the card."""
        return self.folder / self.labels if self.labels else None

    @model_validator(mode="after")
    def _limits_agree(self) -> Card:
        if self.latency.default_timeout_ms > self.latency.max_timeout_ms:
            raise ValueError("latency.default_timeout_ms is above latency.max_timeout_ms")
        if self.task is Task.IMAGE_CLASSIFICATION and self.labels is None:
            raise ValueError("labels is required: the file of class names, one a line")
        if self.task is Task.IMAGE_CLASSIFICATION and self.preprocess is None:
            raise ValueError("preprocess is required: how a picture becomes the model's input")
        if self.task is Task.MODERATION and self.moderation is None:
            raise ValueError("moderation is required: the classifiers and their thresholds")
        if self.task is Task.TEXT_GENERATION and self.generation is None:
            raise ValueError("generation is required: how long prompts and answers may be")
        if (self.task is Task.TEXT_TO_IMAGE) != (self.images is not None):
            raise ValueError("images, the limits of what is drawn, is for task text-to-image and required there")
        if self.images is None and self.levers != Levers():
            raise ValueError("levers is for task text-to-image")
        return self

    @model_validator(mode="after")
    def _levers_suit(self) -> Card:
        has_adapters = self.images is not None and bool(self.images.adapters)
        fault = lever_fault(self.levers, self.precision, has_gpu=self.resources.gpu > 0, has_adapters=has_adapters)
        if self.images is not None and fault:
            raise ValueError(fault)
        return self

    @model_validator(mode="after")
    def _runtime_has_what_it_runs(self) -> Card:
        elsewhere = self.runtime is Runtime.OPENAI
        if elsewhere != (self.upstream is not None):
            raise ValueError("upstream, the server elsewhere, is for runtime openai and required there")
        if elsewhere == self.has_weights:
            raise ValueError("source.files, the weights, are required, except for runtime openai, which has none")
        if self.runtime is Runtime.LLAMA_CPP and (self.resources.gpu or self.resources.gpu_memory_gib):
            # The build of llama.cpp here has no GPU in it: a claim would only keep others off the device.
            raise ValueError(
                "resources.gpu and gpu_memory_gib are not for runtime llama-cpp, which computes on the CPU; a language"
                " model on a GPU runs in a server of its own, such as vLLM, with runtime openai"
            )
        return self

    @model_validator(mode="after")
    def _draws_with_what_it_has(self) -> Card:
        if self.images is None:
            return self
        if self.runtime is not Runtime.DIFFUSERS:
            raise ValueError(f"runtime {self.runtime.value} does not draw; task text-to-image needs diffusers")
        if self.batch.cost_unit != "pixels":
            raise ValueError("batch.cost_unit must be pixels: a forward costs denoiser rows times pixels")
        missing = sorted({adapter.file for adapter in self.images.adapters.values()} - set(self.source.files))
        if missing:
            raise ValueError(f"images.adapters: {missing[0]} is not among source.files")
        if self.images.known_words not in {None, *self.source.files}:
            raise ValueError(f"images.known_words: {self.images.known_words} is not among source.files")
        return self
