"""A tiny sequence classifier, made here: the sum of each token's logits under the mask."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from ekiben.cards.card import Inputs
from ekiben.cards.moderation import Moderation, Sequence
from ekiben.errors import InvalidRequest
from ekiben.inference.tensors import bytes_tensor
from ekiben.runtimes.moderation.model import ModerationModel
from ekiben.runtimes.moderation.verdicts import verdicts
from ekiben.testing import toy_moderation_card

VOCABULARY = {"[UNK]": 0, "rude": 1, "threat": 2, "calm": 3}
LOGITS = np.array([[-3, -3, 0], [5, 0, 0], [1, 6, 0], [-1, -1, 2]], np.float32)


def write_graph(path: Path, *, with_types: bool) -> None:
    ids = ["input_ids", "attention_mask", *(["token_type_ids"] if with_types else [])]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "t"]) for name in ids]
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["each"]),
        helper.make_node("Unsqueeze", ["attention_mask", "last"], ["column"]),
        helper.make_node("Cast", ["column"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["each", "mask"], ["seen"]),
        helper.make_node("ReduceSum", ["seen", "middle"], ["logits"], keepdims=0),
    ]
    constants = [
        numpy_helper.from_array(LOGITS, "table"),
        numpy_helper.from_array(np.array([2], np.int64), "last"),
        numpy_helper.from_array(np.array([1], np.int64), "middle"),
    ]
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 3])
    graph = helper.make_graph(nodes, "tiny", inputs, [output], constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def load(folder: Path, link: Literal["sigmoid", "softmax"], *, with_types: bool = True) -> ModerationModel:
    write_graph(folder / "model.onnx", with_types=with_types)
    tokenizer = Tokenizer(WordLevel(VOCABULARY, "[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.enable_padding(length=16)
    tokenizer.enable_truncation(2)
    tokenizer.save(str(folder / "tokenizer.json"))
    section = Sequence(
        kind="sequence",
        classes=("insult", "threat", "neutral"),
        link=link,
        categories={"insult": "harassment", "threat": "harassment/threatening"},
    )
    judged = Moderation(classifiers=(section,), thresholds={"harassment": 0.5, "harassment/threatening": 0.5})
    card = toy_moderation_card(moderation=judged, inputs=Inputs(max_items=8, max_tokens=4))
    return ModerationModel(card, folder, threads=1)


def judge(model: ModerationModel, *texts: str) -> list[dict[str, float]]:
    items = list(model.prepare({"text": bytes_tensor([text.encode() for text in texts])}))
    outputs = model.finish(items, model.infer([item.payload for item in items]))
    return [dict(each.scores) for each in verdicts(model.card, outputs)]


@pytest.mark.parametrize("with_types", [True, False])
def test_probabilities_of_several_classes(tmp_path: Path, with_types: bool) -> None:
    model = load(tmp_path, "sigmoid", with_types=with_types)
    model.warm_up()
    rude, both, calm = judge(model, "rude", "rude threat", "calm calm calm calm")
    assert rude == {"harassment": pytest.approx(1 / (1 + np.exp(-5)), abs=1e-6), "harassment/threatening": 0.5}
    assert min(both.values()) > 0.99
    assert max(calm.values()) < 0.02


def test_probabilities_of_one_class(tmp_path: Path) -> None:
    (found,) = judge(load(tmp_path, "softmax"), "threat")
    exponentials = np.exp([1.0, 6.0, 0.0])
    expected = exponentials / exponentials.sum()
    assert list(found.values()) == pytest.approx(expected[:2].tolist(), abs=1e-6)


def test_texts_are_judged_alike_alone_and_padded(tmp_path: Path) -> None:
    model = load(tmp_path, "sigmoid")
    texts = ["rude", "calm threat rude calm", "threat"]
    together = judge(model, *texts)
    for text, found in zip(texts, together, strict=True):
        assert judge(model, text)[0] == pytest.approx(found, abs=1e-6)


def test_a_text_of_too_many_tokens_is_refused_and_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="5 tokens") as refused:
        judge(load(tmp_path, "sigmoid"), "calm", "rude rude rude rude rude")
    assert refused.value.param == "input[1]"


def test_items_cost_their_tokens(tmp_path: Path) -> None:
    model = load(tmp_path, "sigmoid")
    items = list(model.prepare({"text": bytes_tensor([b"rude", b"rude rude rude"])}))
    assert [item.length for item in items] == [1, 3]
