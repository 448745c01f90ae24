"""Jobs that draw: the input is the body of `/v1/images/generations`, or of `/v1/images/edits` with its files inside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import orjson
from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response

from ekiben.errors import InvalidRequest
from ekiben.gateway.data_url import read_data_url
from ekiben.gateway.images.answer import images_response
from ekiben.gateway.images.asking import ImagesAsk, SourceFiles, checked_ask
from ekiben.gateway.images.moderation import asked_content
from ekiben.gateway.jobs.blob_links import blob_links
from ekiben.gateway.jobs.kinds import Finished, Prepared
from ekiben.gateway.jobs.result_blobs import read_blob, result_blobs, result_pieces
from ekiben.gateway.jobs.verdicts import judged_once
from ekiben.gateway.state import GatewayState
from ekiben.inference.image_frames import decode_request, encode_request, read_settings, settings_document
from ekiben.inference.image_generation import Facts, FinishedImage, ImageGenerationRequest
from ekiben.jobs import Job
from ekiben.jobs.blobs import Blobs
from ekiben.jobs.submission import MAX_INLINE_BYTES
from ekiben.schemas.faults import fault
from ekiben.schemas.images import ImageEditInput
from ekiben.schemas.images import ImageGenerationRequest as Asked

GENERATIONS: Final = "/v1/images/generations"
EDITS: Final = "/v1/images/edits"

_FACTS: TypeAdapter[Facts] = TypeAdapter(Facts)
# Metadata and the other fields stand beside it.
_ROOM_BYTES: Final = MAX_INLINE_BYTES // 2


class PictureJobs:
    """See the module."""

    def prepare(self, gateway: GatewayState, body: bytes) -> Prepared:
        """Check an input as the synchronous route would; one with a source image is an edit."""
        try:
            if b'"image"' in body and "image" in orjson.loads(body):
                return prepared_picture(_edit(gateway, ImageEditInput.model_validate_json(body)))
            return prepared_picture(checked_ask(gateway, Asked.model_validate_json(body), progress=True))
        except ValidationError as error:
            raise fault(error) from None

    async def answer(self, finished: Finished) -> Response:
        """The pictures as JSON, once the policy has let them pass."""
        job, desk = finished.job, finished.desk
        await judged_once(finished, route_of(job), lambda: result_pieces(job, desk.blobs))
        files = await result_blobs(job, desk.blobs)
        settings = (await _wanted(job, desk.blobs)).settings
        links = blob_links(finished) if _inline(job)["as_links"] else None
        images = [FinishedImage(i, file, facts) for i, (file, facts) in enumerate(zip(files, _facts(job), strict=True))]
        created = (job.timings.finished_ms or 0) // 1_000
        return await images_response(settings, images, links, created)


def prepared_picture(ask: ImagesAsk) -> Prepared:
    """A checked request as a job.

    Raises:
        InvalidRequest: It is to be streamed; a job's events are read elsewhere.
    """
    if ask.stream:
        raise InvalidRequest("a job is not streamed; its previews are at its events.", param="stream")
    wanted, settings = ask.wanted, ask.settings
    inline: dict[str, Any] = {"kind": ask.kind, "as_links": ask.as_links}
    told = settings_document(settings)
    is_large = wanted.image is not None or len(json.dumps(told)) > _ROOM_BYTES
    return Prepared(
        card=ask.card,
        route=GENERATIONS if wanted.image is None else EDITS,
        inline=inline if is_large else {**inline, "settings": told},
        blob=encode_request(wanted) if is_large else None,
        work=float(settings.width * settings.height * settings.steps * settings.n),
        content=lambda: asked_content(wanted),
    )


def route_of(job: Job) -> str:
    """The synchronous route that a job stands for."""
    return GENERATIONS if _inline(job)["kind"] == "image_generation" else EDITS


def _inline(job: Job) -> Mapping[str, Any]:
    inline = job.specification.inline
    assert isinstance(inline, dict)  # noqa: S101  # as `prepared_picture` writes it
    return inline


def _edit(gateway: GatewayState, asked: ImageEditInput) -> ImagesAsk:
    mask = None if asked.mask is None else read_data_url(asked.mask, "mask")
    source = SourceFiles(read_data_url(asked.image, "image"), mask)
    return checked_ask(gateway, asked, source, progress=True)


async def _wanted(job: Job, blobs: Blobs) -> ImageGenerationRequest:
    if (told := _inline(job).get("settings")) is not None:
        return ImageGenerationRequest(read_settings(told))
    assert job.specification.input is not None  # noqa: S101  # as `prepared_picture` writes it
    return decode_request(await read_blob(blobs, job.specification.input))


def _facts(job: Job) -> list[Facts]:
    value: Any = job.result.value if job.result else {}
    return [_FACTS.validate_python(told) for told in value["pictures"]]
