"""All classifiers of one card as one model: texts run with texts, pictures with pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from ekiben.cards.card import Card
from ekiben.errors import CardError, InvalidRequest, PayloadTooLarge
from ekiben.inference.model import Item
from ekiben.inference.tensors import Signature, Tensor, Tensors, TensorSpec
from ekiben.runtimes.moderation.classifier import Classifier, Prepared, Scores, highest
from ekiben.runtimes.moderation.classifiers import Loader
from ekiben.runtimes.pictures import open_picture
from ekiben.runtimes.requests import rows_of, text_of

TEXT: Final = "text"
IMAGE: Final = "image"
_DEFAULT_MAX_PIXELS: Final = 25_000_000


@dataclass(frozen=True, slots=True)
class _Judged:
    """One text or picture: what each of its classifiers needs, in their order."""

    modality: str
    payloads: tuple[Any, ...]


class ModerationModel:
    """Texts and pictures in; for each a score and a verdict for every category of the card, in its order.

    Args:
        card: The model card; `moderation` says how to judge, `inputs` sets every limit.
        files: Folder with the classifiers' files.
        threads: CPU threads for the sessions.

    Raises:
        WeightsError: A file is missing or cannot be loaded.
        CardError: The card has no `moderation`, or its block list is wrong.
    """

    def __init__(self, card: Card, files: Path, threads: int) -> None:
        if card.moderation is None:
            raise CardError(f"{card.name}: moderation is required")
        self.card = card
        self.categories = card.moderation.categories
        self._thresholds = np.array([card.moderation.thresholds[name] for name in self.categories], np.float32)
        loaded = Loader(card, files, threads).load(card.moderation)
        self._classifiers: dict[str, tuple[Classifier[Any], ...]] = {TEXT: loaded.text, IMAGE: loaded.image}
        self.device = loaded.device
        count = len(self.categories)
        self.signature = Signature(
            # `parts` is a mixture: each row a kind, `text` or `image`, and what is of that kind.
            inputs=(
                TensorSpec("text", "BYTES", (-1,)),
                TensorSpec("image", "BYTES", (-1,)),
                TensorSpec("parts", "BYTES", (-1, 2)),
            ),
            outputs=(TensorSpec("scores", "FP32", (-1, count)), TensorSpec("flagged", "BOOL", (-1, count))),
        )

    def is_light(self, inputs: Tensors) -> bool:  # noqa: ARG002 - the protocol's
        """Counting the pieces of a short text takes a millisecond already."""
        return False

    def prepare(self, inputs: Tensors) -> Iterator[Item]:
        """Read `text` (BYTES [n], UTF-8), `image` (BYTES [n], JPEG, PNG or WebP files) or `parts` (BYTES [n, 2]).

        Nothing is read before the first item is asked for, and no item before its turn.

        Raises:
            InvalidRequest: Not text, not a picture, or of a kind that this model does not judge.
            PayloadTooLarge: A text or picture beyond the card's limits.
        """
        spec, rows = rows_of(inputs, self.signature, self.card.inputs.max_items)
        kinds = [_kind(row[0], index) if spec.name == "parts" else spec.name for index, row in enumerate(rows)]
        contents = [bytes(row[1]) for row in rows] if spec.name == "parts" else rows
        self._check_total(content for kind, content in zip(kinds, contents, strict=True) if kind == TEXT)
        for index, (kind, content) in enumerate(zip(kinds, contents, strict=True)):
            yield self._item(kind, content, index)

    def infer(self, payloads: Sequence[Any]) -> Sequence[Any]:
        """Judge a batch of one modality; float32 scores [categories] for each."""
        classifiers = self._classifiers[payloads[0].modality]
        columns = zip(*(each.payloads for each in payloads), strict=True)
        found = [classifier.infer(column) for classifier, column in zip(classifiers, columns, strict=True)]
        return [self._row(highest(scores)) for scores in zip(*found, strict=True)]

    def finish(self, items: Sequence[Item], results: Sequence[Any]) -> Tensors:  # noqa: ARG002 - the protocol's
        """`scores` FP32 [n, categories] and `flagged` BOOL [n, categories]: scores that reach their threshold."""
        scores = np.stack(results)
        return {"scores": scores, "flagged": scores >= self._thresholds}

    def warm_up(self) -> None:
        """One text, and as many as a batch may hold; the same of pictures."""
        for modality, content in ((TEXT, "warm"), (IMAGE, Image.new("RGB", (256, 256)))):
            if not self._classifiers[modality]:
                continue
            item = self._prepared(modality, content)
            for count in (1, max(1, min(self.card.batch.max_items, self.card.batch.max_cost // item.length))):
                self.infer([item.payload] * count)

    def _item(self, modality: str, content: bytes, index: int) -> Item:
        param = f"input[{index}]"
        if not self._classifiers[modality]:
            raise InvalidRequest(f"{param} is {modality}, which {self.card.name} does not judge.", param=param)
        try:
            return self._prepared(modality, self._read(modality, content, param))
        except InvalidRequest as error:
            error.param = error.param or param  # A classifier does not know which input it judges.
            raise

    def _read(self, modality: str, content: bytes, param: str) -> str | Image.Image:
        if modality == TEXT:
            return self._text(content, param)
        max_pixels = self.card.inputs.max_pixels or _DEFAULT_MAX_PIXELS
        return open_picture(bytes(content), max_pixels=max_pixels, param=param)

    def _check_total(self, texts: Iterable[bytes]) -> None:
        """Before any of them is judged: one request must not keep the others waiting for long."""
        limit = self.card.inputs.max_total_characters
        total = sum(len(text.decode("utf-8", "ignore")) for text in texts)
        if limit is not None and total > limit:
            raise PayloadTooLarge(
                f"the texts have {total} characters together; the limit of {self.card.name} is {limit} a request.",
                param="input",
            )

    def _prepared(self, modality: str, content: Any) -> Item:
        found: list[Prepared] = [classifier.prepare(content) for classifier in self._classifiers[modality]]
        judged = _Judged(modality, tuple(each.payload for each in found))
        return Item(judged, length=max(each.cost for each in found), shape_key=modality)

    def _text(self, content: bytes, param: str) -> str:
        text = text_of(content, param)
        limit = self.card.inputs.max_characters
        if limit is not None and len(text) > limit:
            raise PayloadTooLarge(
                f"{param} has {len(text)} characters; the limit of {self.card.name} is {limit}.", param=param
            )
        return text

    def _row(self, scores: Scores) -> Tensor:
        return np.array([scores.get(name, 0.0) for name in self.categories], np.float32)


def _kind(value: bytes, index: int) -> str:
    """The modality that a part's first column names."""
    kind = bytes(value).decode("utf-8", "replace")
    if kind not in (TEXT, IMAGE):
        raise InvalidRequest(f"parts[{index}] is of kind {kind[:20]!r}; it must be text or image.", param="parts")
    return kind
