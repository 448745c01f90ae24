"""The part of a card that says how a moderation model judges: its classifiers, and from which score on it flags."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

# OpenAI's, in its order; a card may have others besides.
OPENAI_CATEGORIES: Final = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)

Category = Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*(/[a-z]+(-[a-z]+)*)?$", max_length=60)]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]*$", max_length=100)]
Modality = Literal["text", "image"]
# From a class's name in the model to the category that it counts for; classes left out do not count.
Mapped = Annotated[dict[str, Category], Field(min_length=1)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class BlockList(_Frozen):
    """Words and phrases in a file beside the card; a hit scores 1."""

    kind: Literal["block-list"]
    file: FileName
    categories: Annotated[tuple[Category, ...], Field(min_length=1)]


class Terms(_Frozen):
    """A bag-of-terms classifier over the whole text: `<model>.onnx` and `<model>.json`."""

    kind: Literal["terms"]
    model: FileName
    categories: Mapped


class PromptInjection(_Frozen):
    """One that also looks at parts of a text, at what is encoded in it, and at it backwards."""

    kind: Literal["prompt-injection"]
    model: FileName
    categories: Mapped


class Sequence(_Frozen):
    """A transformer over tokens: `model` is its ONNX graph, which gives a logit for each of `classes`."""

    kind: Literal["sequence"]
    model: FileName = "model.onnx"
    tokenizer: FileName = "tokenizer.json"
    classes: Annotated[tuple[str, ...], Field(min_length=1)]
    link: Literal["sigmoid", "softmax"]
    categories: Mapped

    @model_validator(mode="after")
    def _classes_are_known(self) -> Sequence:
        if unknown := [name for name in self.categories if name not in self.classes]:
            raise ValueError(f"categories: {unknown[0]!r} is not one of the classes")
        return self


class OpenNsfw(_Frozen):
    """Yahoo's Open NSFW picture classifier; its one class is `nsfw`.

    `cost` is a picture's in the card's batch unit.
    """

    kind: Literal["open-nsfw"]
    model: FileName
    categories: Mapped
    cost: Annotated[int, Field(ge=1)] = 1


Classifier = Annotated[BlockList | Terms | PromptInjection | Sequence | OpenNsfw, Field(discriminator="kind")]


class Moderation(_Frozen):
    """How texts and pictures are judged.

    Attributes:
        classifiers: Each judges on its own; a category's score is the highest that any gives it.
        thresholds: The score from which on a category is flagged, for every category there is.
    """

    classifiers: Annotated[tuple[Classifier, ...], Field(min_length=1)]
    thresholds: dict[Category, Annotated[float, Field(ge=0, le=1)]]

    @property
    def categories(self) -> tuple[str, ...]:
        """Every category, OpenAI's first: the order of the model's columns."""
        return tuple(sorted(self.thresholds, key=_order))

    @property
    def files(self) -> tuple[str, ...]:
        """Files that lie beside the card."""
        return tuple(each.file for each in self.classifiers if isinstance(each, BlockList))

    def judged(self, modality: Modality) -> frozenset[str]:
        """The categories that can be found in a text, or in a picture."""
        kinds = [each for each in self.classifiers if (modality == "image") is isinstance(each, OpenNsfw)]
        return frozenset(category for each in kinds for category in categories_of(each))

    @model_validator(mode="after")
    def _every_category_has_a_threshold(self) -> Moderation:
        found = self.judged("text") | self.judged("image")
        if missing := sorted(found - set(self.thresholds)):
            raise ValueError(f"thresholds: {missing[0]!r} has none")
        if unused := sorted(set(self.thresholds) - found):
            raise ValueError(f"thresholds: no classifier finds {unused[0]!r}")
        return self


def categories_of(classifier: BlockList | Terms | PromptInjection | Sequence | OpenNsfw) -> tuple[str, ...]:
    """The categories that one classifier finds."""
    return classifier.categories if isinstance(classifier, BlockList) else tuple(classifier.categories.values())


def _order(category: str) -> tuple[int, str]:
    known = OPENAI_CATEGORIES.index(category) if category in OPENAI_CATEGORIES else len(OPENAI_CATEGORIES)
    return known, category
