"""The parts of a card that are for text-to-image models: what a request may ask for, and how the model is computed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

SchedulerName = Literal["pndm", "ddim", "euler", "euler_ancestral", "dpmpp_2m", "unipc", "lcm", "flow_match_euler"]
AdapterName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w./-]*\.safetensors$", max_length=200)]
Side = Annotated[int, Field(ge=8, le=16_384)]
Steps = Annotated[int, Field(ge=1, le=1_000)]
Guidance = Annotated[float, Field(ge=0, le=1_000)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class AdapterFile(_Frozen):
    """A low-rank adapter (LoRA) that requests may name.

    Attributes:
        file: Among the card's `source.files`.
        max_weight: The most of it that a request may add.
    """

    file: FileName
    max_weight: Annotated[float, Field(gt=0, le=10)] = 1.0


class Images(_Frozen):
    """What a request may ask for, and what it gets when it does not say. Sizes are in pixels.

    Attributes:
        default_size: Width and height.
        size_multiple: Width and height must be multiples of it.
        max_images: Of one request (`n`).
        schedulers: Those a request may name; the first is the default.
        negative_prompt: Whether the model takes one.
        edits: Whether source images and masks are taken.
        adapters: By the name that requests use.
        preview: How previews are made: from the latents alone, which costs next to nothing, or decoded; or never.
        known_words: For a model of a small world: the file that says which words it knows, so that callers are told how
            much of a prompt was understood (`ekiben.inference.prompt_match`).
    """

    default_size: tuple[Side, Side]
    min_side: Side = 64
    max_side: Side
    max_pixels: Annotated[int, Field(ge=64)]
    size_multiple: Annotated[int, Field(ge=1, le=256)] = 8
    default_steps: Steps
    max_steps: Steps
    default_guidance_scale: Guidance
    max_guidance_scale: Guidance
    max_images: Annotated[int, Field(ge=1, le=64)] = 4
    schedulers: Annotated[tuple[SchedulerName, ...], Field(min_length=1)]
    negative_prompt: bool = True
    edits: bool = True
    adapters: dict[AdapterName, AdapterFile] = Field(default_factory=dict)
    preview: Literal["latent", "decoded", "off"] = "latent"
    known_words: Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w./-]*\.json$", max_length=200)] | None = None

    @model_validator(mode="after")
    def _defaults_are_within_limits(self) -> Images:
        width, height = self.default_size
        if max(width, height) > self.max_side or min(width, height) < self.min_side:
            raise ValueError("default_size is not between min_side and max_side")
        if width * height > self.max_pixels:
            raise ValueError("default_size has more pixels than max_pixels")
        if width % self.size_multiple or height % self.size_multiple:
            raise ValueError("default_size is no multiple of size_multiple")
        if self.default_steps > self.max_steps:
            raise ValueError("default_steps is above max_steps")
        if self.default_guidance_scale > self.max_guidance_scale:
            raise ValueError("default_guidance_scale is above max_guidance_scale")
        return self

    @model_validator(mode="after")
    def _schedulers_go_together(self) -> Images:
        if "flow_match_euler" in self.schedulers and len(self.schedulers) > 1:
            raise ValueError(
                "schedulers: flow_match_euler is for models that predict a flow's velocities, the others are not"
            )
        return self


class StepCache(_Frozen):
    """Reuse of what a denoiser computed in the step before; it changes pictures, so it needs an image-quality gate.

    Attributes:
        threshold: The relative change of the first block's output below which the rest is reused.
        warm_up_steps: Steps at the beginning that are always computed.
    """

    threshold: Annotated[float, Field(gt=0, le=1)]
    warm_up_steps: Annotated[int, Field(ge=0, le=100)] = 4


class Levers(_Frozen):
    """Ways to compute faster or in less memory; what excludes each other is refused when the card is read.

    The rest of the card has a say too: see `ekiben.cards.levers`.

    Attributes:
        attention: torch's fused kernel, or plain matrix products.
        channels_last: Memory format of convolutions.
        fuse_projections: Query, key and value by one product.
        compile: Compile the denoiser's repeated blocks with `torch.compile`; the cache outlives the process.
        cuda_graphs: Replay a recorded forward, one recording for each number of rows and size; needs a GPU.
        quantization: Of the denoiser's linear layers: weights alone, or activations on the fly as well.
        vae_slicing: Decode a picture at a time.
        vae_tiling: Decode in tiles where a picture is large.
        offload: Keep what is not computing right now in the CPU's memory, by model or by layer.
    """

    attention: Literal["sdpa", "plain"] = "sdpa"
    channels_last: bool = False
    fuse_projections: bool = False
    compile: Literal["off", "regional"] = "off"
    cuda_graphs: bool = False
    quantization: Literal["none", "int8-weight", "int8-dynamic", "fp8-weight", "fp8-dynamic"] = "none"
    step_cache: StepCache | None = None
    vae_slicing: bool = False
    vae_tiling: bool = False
    offload: Literal["none", "model", "sequential"] = "none"

    @model_validator(mode="after")
    def _exclude_each_other(self) -> Levers:
        for excluded, reason in (
            (self.cuda_graphs and self.offload != "none", "cuda_graphs with offload: a recording needs its weights"),
            (self.cuda_graphs and self.step_cache, "cuda_graphs with step_cache: what is skipped is not the recording"),
            (self.compile != "off" and self.offload != "none", "compile with offload: moving weights recompiles"),
            (
                self.quantization != "none" and self.offload == "sequential",
                "quantization with offload sequential: quantized weights cannot be moved layer by layer",
            ),
        ):
            if excluded:
                raise ValueError(reason)
        return self
