"""`client.images.generate`, `.edit` and `.stream`: what they send, and how they read what comes back."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, Unpack

from ekiben.client.call import Answer, Call, CallOptions, Opened
from ekiben.client.image_results import GeneratedImage, ImagePreview, Images, PromptMatch
from ekiben.client.pictures import picture_bytes
from ekiben.client.reading import readable
from ekiben.client.server_timing import parse_server_timing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ekiben.client.call import T
    from ekiben.client.pictures import Picture

GENERATIONS, EDITS = "/v1/images/generations", "/v1/images/edits"
ImageUpdate: TypeAlias = ImagePreview | GeneratedImage
_OWN = frozenset(CallOptions.__annotations__)


class Adapter(TypedDict, total=False):
    """A low-rank adapter (LoRA) of the model, by name, and how much of it to add (1)."""

    name: str
    weight: float


class ImageOptions(CallOptions, total=False):
    """How to draw; what is left out is the model's own choice.

    model: Served name of the model; left out: the server's default.
    size: WIDTHxHEIGHT in pixels.
    negative_prompt: What the picture should not show.
    num_inference_steps: Denoising steps: more take longer and show more.
    guidance_scale: How closely to follow the prompt.
    seed: The same seed gives the same picture again.
    scheduler: How noise is taken away step by step, one of the model's.
    strength: Of an edit: how much of the source image is drawn anew, above 0, to 1 for all of it.
    output_format, output_compression: png (as it is drawn), or jpeg or webp at a quality in percent.
    """

    model: str
    size: str
    negative_prompt: str
    num_inference_steps: int
    guidance_scale: float
    seed: int
    scheduler: str
    strength: float
    adapters: Sequence[Adapter]
    output_format: Literal["png", "jpeg", "webp"]
    output_compression: int


def generate(prompt: str, n: int = 1, **options: Unpack[ImageOptions]) -> Call[Images]:
    """Draw pictures.

    Args:
        prompt: What they show.
        n: How many; each has the seed after the one before.
        **options: See `ImageOptions`; and `timeout`, `priority` and `request_id`.
    """
    return _call(GENERATIONS, {"prompt": prompt, "n": n}, None, options, images_of)


def edit(
    image: Picture, prompt: str, mask: Picture | None = None, n: int = 1, **options: Unpack[ImageOptions]
) -> Call[Images]:
    """Draw on from a picture; with a mask, only where that is transparent or, if it is nowhere, white.

    Args:
        image: A path, bytes, a binary file, a Pillow image, or a NumPy array of RGB uint8 (height, width, 3).
        prompt: What the result shows.
        mask: As the image, and of its size.
        n: How many; each has the seed after the one before.
        **options: See `ImageOptions`; and `timeout`, `priority` and `request_id`.
    """
    return _call(EDITS, {"prompt": prompt, "n": n}, _files(image, mask), options, images_of)


def stream(
    prompt: str,
    image: Picture | None = None,
    mask: Picture | None = None,
    partial_images: int = 2,
    **options: Unpack[ImageOptions],
) -> Call[Opened]:
    """Draw a picture, from another one where `image` is given, and show up to three previews meanwhile."""
    asked = {"prompt": prompt, "stream": True, "partial_images": partial_images}
    if image is None:
        return _call(GENERATIONS, asked, None, options, _as_it_is, is_stream=True)
    return _call(EDITS, asked, _files(image, mask), options, _as_it_is, is_stream=True)


def update_of(payload: Any) -> ImageUpdate:
    """Read the data of one event of a stream."""
    if str(payload["type"]).endswith(".partial_image"):
        content = base64.b64decode(payload["b64_json"])
        return ImagePreview(content, int(payload["partial_image_index"]), int(payload["step"]), int(payload["steps"]))
    return _image(payload, str(payload["output_format"]))


def is_finished(update: ImageUpdate) -> bool:
    """Whether it is a stream's last."""
    return isinstance(update, GeneratedImage)


def _call(
    path: str,
    asked: Mapping[str, Any],
    files: Mapping[str, Any] | None,
    options: Mapping[str, Any],
    parse: Callable[[Answer], T],
    *,
    is_stream: bool = False,
) -> Call[T]:
    own: Any = {name: value for name, value in options.items() if name in _OWN}
    sent = {**asked, **{name: value for name, value in options.items() if name not in _OWN}}
    body: dict[str, Any] = {"json": sent} if files is None else {"data": _form(sent), "files": files}
    return Call("POST", path, parse, body=body, options=own, stream=is_stream)


def _form(sent: Mapping[str, Any]) -> dict[str, str]:
    """A form holds texts: whatever is none is written as JSON."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in sent.items()}


def _files(image: Picture, mask: Picture | None) -> dict[str, tuple[str, bytes, str]]:
    # The files' own names stay here: the server has no use for them.
    pictures = {"image": image} if mask is None else {"image": image, "mask": mask}
    return {name: (name, picture_bytes(each), "application/octet-stream") for name, each in pictures.items()}


def _as_it_is(answer: Answer) -> Opened:
    assert isinstance(answer, Opened), "a streamed call is answered with an open response"  # noqa: S101
    return answer


def images_of(answer: Answer) -> Images:
    """Read the answer of a request for pictures."""
    payload = answer.json()
    with readable(answer):
        kind = str(payload["output_format"])
        data = tuple(_image(each, kind) for each in payload["data"])
        return Images(
            model=data[0].model,
            request_id=answer.request_id,
            timing=parse_server_timing(answer.headers.get("server-timing")),
            data=data,
            created=int(payload["created"]),
        )


def _image(sent: Mapping[str, Any], kind: str) -> GeneratedImage:
    return GeneratedImage(
        content=base64.b64decode(sent["b64_json"]),
        seed=int(sent["seed"]),
        width=int(sent["width"]),
        height=int(sent["height"]),
        steps=int(sent["num_inference_steps"]),
        guidance_scale=float(sent["guidance_scale"]),
        scheduler=str(sent["scheduler"]),
        model=str(sent["model"]),
        model_version=str(sent["model_version"]),
        output_format=kind,
        prompt_match=_match(sent.get("prompt_match")),
        timing={str(stage): float(spent) for stage, spent in sent["timings_ms"].items()},
    )


def _match(sent: Any) -> PromptMatch | None:
    if sent is None:
        return None
    return PromptMatch(float(sent["score"]), tuple(map(str, sent["things"])), tuple(map(str, sent["unknown"])))
