"""The multipart form of a request with a source image."""

from __future__ import annotations

from typing import Final

import orjson
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from ekiben.errors import InvalidRequest, UnsupportedMedia
from ekiben.gateway.images.asking import SourceFiles
from ekiben.schemas.faults import fault
from ekiben.schemas.images import ImageEditForm

_MAX_FILES: Final = 16
_MAX_FIELDS: Final = 40
_MAX_FIELD_BYTES: Final = 64 * 1024
_FORM: Final = (
    f"Send the files `image` and, if wanted, `mask`, each with a filename; every other field holds at most"
    f" {_MAX_FIELD_BYTES:,} bytes."
)
_IMAGES: Final = frozenset({"image", "image[]"})
_FILES: Final = _IMAGES | {"mask"}
# A form holds texts; these are written as JSON has them.
_JSON_FIELDS: Final = frozenset({
    "n", "output_compression", "stream", "partial_images", "num_inference_steps", "guidance_scale", "seed", "strength",
    "adapters",
})  # fmt: skip


async def read_form(request: Request) -> tuple[ImageEditForm, SourceFiles]:
    """Read and check the form; its size is bounded by the edge.

    Raises:
        UnsupportedMedia: It is not one.
        InvalidRequest: It cannot be read, or a field or file is not as it should be; `param` names it.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise UnsupportedMedia("send a form: content-type multipart/form-data with the file in `image`.")
    try:
        async with request.form(max_files=_MAX_FILES, max_fields=_MAX_FIELDS, max_part_size=_MAX_FIELD_BYTES) as form:
            return _fields(form), await _files(form)
    except MultiPartException as error:
        raise InvalidRequest(f"the form cannot be read: {error.message} {_FORM}", param="image") from None


def _fields(form: FormData) -> ImageEditForm:
    values: dict[str, object] = {}
    for name, value in form.multi_items():
        if name in _FILES:
            continue
        if name in values:
            raise InvalidRequest(f"{name[:100]!r} is there twice.", param=name[:100])
        values[name] = _value(name, value) if isinstance(value, str) else value
    try:
        return ImageEditForm.model_validate(values)
    except ValidationError as error:
        raise fault(error) from None


def _value(name: str, text: str) -> object:
    if name not in _JSON_FIELDS:
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text  # Of another type than the field's, as the schema will say.


async def _files(form: FormData) -> SourceFiles:
    images = [value for name, value in form.multi_items() if name in _IMAGES]
    masks = form.getlist("mask")
    if not images:
        raise InvalidRequest("the form has no file `image`; upload the source image there.", param="image")
    if len(images) > 1:
        raise InvalidRequest(f"image: {len(images)} files; models here start from one.", param="image")
    if len(masks) > 1:
        raise InvalidRequest(f"mask: {len(masks)} files; there is one at most.", param="mask")
    return SourceFiles(await _file("image", images[0]), await _file("mask", masks[0]) if masks else None)


async def _file(name: str, upload: UploadFile | str) -> bytes:
    if isinstance(upload, str):
        raise InvalidRequest(f"{name} is a text; upload a file, with a filename.", param=name)
    content = await upload.read()
    if not content:
        raise InvalidRequest(f"{name} is an empty file.", param=name)
    return content
