"""Requests and events survive the way between gateway and worker."""

from __future__ import annotations

import pytest

from ekiben.errors import DeadlineExceeded, EkibenError, InvalidRequest, Overloaded
from ekiben.inference.frames import Frame, FrameReader, encode_frame
from ekiben.inference.image_frames import decode_event, decode_request, encode_error, encode_event, encode_request
from ekiben.inference.image_generation import (
    AdapterWeight,
    Facts,
    FinishedImage,
    ImageEvent,
    ImageGenerationRequest,
    ImagesEnd,
    ImageSettings,
    Preview,
    Step,
)
from ekiben.inference.prompt_match import PromptMatch

SETTINGS = ImageSettings(
    prompt="日本の弁当 🍱",
    width=64,
    height=32,
    steps=7,
    guidance_scale=4.5,
    seed=2**63 - 1,
    scheduler="euler",
    adapters=(AdapterWeight("ink", 0.5),),
    n=2,
)
FACTS = Facts(3, 64, 32, 7, 4.5, "euler", "toy", "1.0.0", 7, {"queue": 0.5}, 2.0, PromptMatch(0.5, ("cat",), ("mat",)))


@pytest.mark.parametrize(("image", "mask"), [(None, None), (b"image", None), (b"image", b"\nmask")])
def test_a_request(image: bytes | None, mask: bytes | None) -> None:
    request = ImageGenerationRequest(SETTINGS, image, mask)
    assert decode_request(encode_request(request)) == request


@pytest.mark.parametrize(
    "event",
    [Step(1, 2, 3), Preview(0, 1, 5, 9, b"\x89PNG"), FinishedImage(1, b"file", FACTS), ImagesEnd({"queue": 0.25})],
)
def test_an_event(event: ImageEvent) -> None:
    (frame,) = FrameReader().feed(encode_event(event))
    assert decode_event(frame) == event


@pytest.mark.parametrize("error", [DeadlineExceeded("late."), Overloaded("full.", retry_after_s=3.0)])
def test_an_error_is_raised_as_it_was(error: EkibenError) -> None:
    (frame,) = FrameReader().feed(encode_error(error, "r1"))
    with pytest.raises(type(error), match=error.message) as found:
        decode_event(frame)
    assert (found.value.retry_after_s, found.value.request_id) == (error.retry_after_s, "r1")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}\n",
        encode_frame({"settings": {}}, b""),
        encode_request(ImageGenerationRequest(SETTINGS, b"image"))[:-1],
        encode_request(ImageGenerationRequest(SETTINGS)) * 2,
        encode_request(ImageGenerationRequest(SETTINGS)).replace(b'"image":0', b'"image":1'),
    ],
)
def test_a_body_that_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        decode_request(body)


def test_an_event_that_nobody_knows_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        decode_event(Frame({"event": "unheard"}))
