"""Texts and pictures of one model: block list, and a tiny picture classifier made here."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from ekiben.cards.card import Batch, Inputs
from ekiben.cards.moderation import BlockList, Moderation, OpenNsfw
from ekiben.errors import CardError, EkibenError, PayloadTooLarge
from ekiben.inference.tensors import Tensor, bytes_tensor
from ekiben.runtimes.moderation.model import ModerationModel
from ekiben.runtimes.moderation.open_nsfw import to_pixels
from ekiben.runtimes.moderation.verdicts import verdicts
from ekiben.testing import toy_card, toy_moderation_card


def write_graph(path: Path) -> None:
    """Not safe is a picture whose mean is bright: a probability of 1 for white, 0 for black."""
    nodes = [
        helper.make_node("ReduceMean", ["pixels"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Sigmoid", ["mean"], ["unsafe"]),
        helper.make_node("Sub", ["one", "unsafe"], ["safe"]),
        helper.make_node("Unsqueeze", ["safe", "last"], ["safe_column"]),
        helper.make_node("Unsqueeze", ["unsafe", "last"], ["unsafe_column"]),
        helper.make_node("Concat", ["safe_column", "unsafe_column"], ["probabilities"], axis=1),
    ]
    constants = [
        numpy_helper.from_array(np.array(1, np.float32), "one"),
        numpy_helper.from_array(np.array([1], np.int64), "last"),
    ]
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 224, 224, 3])
    output = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 2])
    graph = helper.make_graph(nodes, "tiny", [pixels], [output], constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


@pytest.fixture
def model(tmp_path: Path) -> ModerationModel:
    (tmp_path / "list.txt").write_text("[harassment]\nidiot\n")
    write_graph(tmp_path / "nsfw.onnx")
    judged = Moderation(
        classifiers=(
            BlockList(kind="block-list", file="list.txt", categories=("harassment",)),
            OpenNsfw(kind="open-nsfw", model="nsfw.onnx", categories={"nsfw": "sexual"}, cost=4),
        ),
        thresholds={"sexual": 0.8, "harassment": 0.5},
    )
    inputs = Inputs(max_items=8, max_characters=100, max_total_characters=250, max_pixels=10_000)
    batch = Batch(max_cost=8, max_items=8, max_queue_items=16)
    card = toy_moderation_card(folder=tmp_path, moderation=judged, inputs=inputs, batch=batch)
    made = ModerationModel(card, tmp_path, threads=1)
    made.warm_up()
    return made


def picture(brightness: int, size: tuple[int, int] = (60, 40), format: str = "PNG") -> bytes:  # noqa: A002
    written = io.BytesIO()
    Image.new("RGB", size, (brightness,) * 3).save(written, format)
    return written.getvalue()


def parts(*rows: tuple[bytes, bytes]) -> Tensor:
    tensor = np.empty((len(rows), 2), dtype=np.object_)
    for index, row in enumerate(rows):
        tensor[index] = row
    return tensor


def judge(model: ModerationModel, **inputs: Tensor) -> list[Any]:
    items = list(model.prepare(inputs))
    rows = [model.infer([item.payload])[0] for item in items]
    return verdicts(model.card, model.finish(items, rows))


def test_texts_and_pictures_do_not_share_batches(model: ModerationModel) -> None:
    items = list(model.prepare({"parts": parts((b"text", b"a"), (b"image", picture(0)), (b"text", b"b"))}))
    assert [(item.shape_key, item.length) for item in items] == [("text", 1), ("image", 4), ("text", 1)]


def test_scores_and_flags_are_in_the_order_of_the_categories(model: ModerationModel) -> None:
    assert model.categories == ("harassment", "sexual")
    idiot, black, white = judge(
        model, parts=parts((b"text", b"You idiot"), (b"image", picture(0)), (b"image", picture(255)))
    )
    assert (idiot.scores, idiot.categories) == (
        {"harassment": 1.0, "sexual": 0.0},
        {"harassment": True, "sexual": False},
    )
    assert not black.flagged
    assert black.scores["sexual"] < 0.01
    assert (white.flagged, white.categories["sexual"]) == (True, True)


def test_a_score_is_flagged_from_its_threshold_on(model: ModerationModel) -> None:
    items = list(model.prepare({"text": bytes_tensor([b"a", b"b", b"c"])}))
    rows = [np.array([0.5, 0.799], np.float32), np.array([0.499, 0.8], np.float32), np.array([0, 0], np.float32)]
    flagged = model.finish(items, rows)["flagged"]
    assert flagged.tolist() == [[True, False], [False, True], [False, False]]


def test_a_batch_of_pictures_is_judged_as_each_alone(model: ModerationModel) -> None:
    items = list(model.prepare({"image": bytes_tensor([picture(brightness) for brightness in (0, 114, 116, 255)])}))
    together = model.infer([item.payload for item in items])
    for item, row in zip(items, together, strict=True):
        np.testing.assert_allclose(model.infer([item.payload])[0], row, atol=1e-6)


def bomb() -> bytes:
    """A PNG of 40,000 × 40,000 pixels in a few bytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("inputs", "status", "param"),
    [
        ({"text": bytes_tensor([b"ok", b" "])}, 400, "input[1]"),
        ({"text": bytes_tensor([b"\xff"])}, 400, "input[0]"),
        ({"text": bytes_tensor([b"a" * 101])}, 413, "input[0]"),
        ({"text": bytes_tensor([b"a"] * 9)}, 413, "input"),
        ({"text": bytes_tensor([b"a" * 90] * 3)}, 413, "input"),
        ({"parts": parts((b"text", b"a" * 90), (b"text", b"a" * 90), (b"text", b"a" * 90))}, 413, "input"),
        ({"image": bytes_tensor([b"no picture"])}, 415, "input[0]"),
        ({"image": bytes_tensor([picture(0, (200, 200))])}, 413, "input[0]"),
        ({"image": bytes_tensor([bomb()])}, 413, "input[0]"),
        ({"image": bytes_tensor([picture(0)[:60]])}, 400, "input[0]"),
        ({"image": bytes_tensor([picture(0, format="GIF")])}, 415, "input[0]"),
        ({"parts": parts((b"video", b"a"))}, 400, "parts"),
        ({"parts": bytes_tensor([b"a"])}, 400, "parts"),
        ({"other": bytes_tensor([b"a"])}, 400, "inputs[0].name"),
    ],
)
def test_what_is_not_taken_is_named(model: ModerationModel, inputs: dict[str, Tensor], status: int, param: str) -> None:
    with pytest.raises(EkibenError) as refused:
        list(model.prepare(inputs))
    assert (refused.value.status, refused.value.param) == (status, param)


def test_a_model_without_picture_classifiers_says_so(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("[harassment]\nidiot\n")
    made = ModerationModel(toy_moderation_card(folder=tmp_path), tmp_path, threads=1)
    made.warm_up()
    with pytest.raises(EkibenError, match="does not judge"):
        list(made.prepare({"image": bytes_tensor([picture(0)])}))
    with pytest.raises(PayloadTooLarge):
        list(made.prepare({"text": bytes_tensor([b"a" * 41])}))


def test_a_card_of_another_task_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="moderation is required"):
        ModerationModel(toy_card(), tmp_path, threads=1)


def test_pixels_are_blue_first_and_without_the_mean() -> None:
    pixels = to_pixels(Image.new("RGB", (500, 10), (10, 20, 30)))
    assert (pixels.shape, pixels.dtype.name) == ((224, 224, 3), "float32")
    np.testing.assert_allclose(pixels[112, 112], [30 - 104, 20 - 117, 10 - 123], atol=2)
