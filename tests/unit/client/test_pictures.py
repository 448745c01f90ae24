"""A picture arrives as the same pixels, whatever it is handed over as."""

from __future__ import annotations

import sys
from email.message import Message
from email.parser import BytesParser
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ekiben.client.errors import MissingPackageError
from ekiben.client.pictures import picture_bytes
from ekiben.errors import InvalidRequest
from tests.unit.client.conftest import Caller, Received, Server, reply

PIXELS = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
ANSWER = reply({"created": 1, "model": "m", "data": []})


def as_png() -> bytes:
    written = BytesIO()
    Image.fromarray(PIXELS).save(written, "PNG")
    return written.getvalue()


def form(received: Received) -> dict[str, bytes]:
    head = f"content-type: {received.headers['content-type']}\r\n\r\n".encode()
    parts = BytesParser().parsebytes(head + received.body).get_payload()
    assert isinstance(parts, list)
    return {_name(part): part.get_payload(decode=True) for part in parts if isinstance(part, Message)}  # type: ignore[misc]


def _name(part: Message) -> str:
    return str(part.get_param("name", header="content-disposition"))


@pytest.mark.parametrize("kind", ["text path", "path", "bytes", "bytearray", "memoryview", "file", "pillow", "numpy"])
def test_each_form_uploads_the_same_pixels(call: Caller, server: Server, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "secret-name.png"
    path.write_bytes(as_png())
    forms: dict[str, Any] = {
        "text path": str(path),
        "path": path,
        "bytes": as_png(),
        "bytearray": bytearray(as_png()),
        "memoryview": memoryview(as_png()),
        "file": BytesIO(as_png()),
        "pillow": Image.fromarray(PIXELS),
        "numpy": PIXELS,
    }
    server.answers(reply({"error": {}}, 503, retry_after_ms="1"), ANSWER)
    call(lambda client: client.images.classify(forms[kind], top_k=7, model="m"))
    # The second attempt carries the whole picture again, a file that was read once included.
    for received in server.received:
        fields = form(received)
        assert (fields["top_k"], fields["model"]) == (b"7", b"m")
        assert np.array_equal(np.asarray(Image.open(BytesIO(fields["image"]))), PIXELS)
        assert b"secret-name" not in received.body
    assert len(server.received) == 2


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "CMYK", "YCbCr", "F", "I;16"])
def test_pillow_modes(mode: str) -> None:
    source = Image.new(mode, (4, 2))
    assert Image.open(BytesIO(picture_bytes(source))).size == (4, 2)


@pytest.mark.parametrize("array", [PIXELS[0], PIXELS[..., :1], PIXELS.astype(np.float32)])
def test_arrays_that_are_not_rgb(array: Any) -> None:
    with pytest.raises(InvalidRequest, match=r"\(height, width, 3\)"):
        picture_bytes(array)


@pytest.mark.parametrize("image", ["https://example.com/a.jpg", "data:image/png;base64,AA", StringIO("x"), 5, None])
def test_what_is_no_picture(image: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        picture_bytes(image)
    assert caught.value.param == "image"


def test_an_array_without_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.delitem(sys.modules, "PIL.Image")
    with pytest.raises(MissingPackageError, match="pip install pillow"):
        picture_bytes(PIXELS)


def test_a_missing_file(call: Caller) -> None:
    with pytest.raises(FileNotFoundError):
        call(lambda client: client.images.classify(Path("nowhere.png")))
