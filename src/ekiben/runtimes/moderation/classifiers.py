"""Loads a card's classifiers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL.Image import Image

from ekiben.cards.card import Card
from ekiben.cards.moderation import BlockList as BlockListSection
from ekiben.cards.moderation import Moderation, OpenNsfw, PromptInjection, Sequence, Terms
from ekiben.runtimes.moderation.block_list import BlockList
from ekiben.runtimes.moderation.block_list_file import read_block_list
from ekiben.runtimes.moderation.classifier import Classifier
from ekiben.runtimes.moderation.injection import Injection
from ekiben.runtimes.moderation.open_nsfw import OpenNsfw as OpenNsfwClassifier
from ekiben.runtimes.moderation.profanity import Profanity
from ekiben.runtimes.moderation.sequence import SequenceClassifier
from ekiben.runtimes.moderation.terms import TermModel
from ekiben.runtimes.onnx_session import OnnxSession
from ekiben.runtimes.tokenizer import load_tokenizer


@dataclass(frozen=True, slots=True)
class Classifiers:
    """One card's; `device` is `cpu` unless a graph runs elsewhere."""

    text: tuple[Classifier[str], ...]
    image: tuple[Classifier[Image], ...]
    device: str


class Loader:
    """Loads one card's classifiers.

    Args:
        card: The card; its `moderation` section lists them.
        files: Folder of the stored files.
        threads: CPU threads for each session; they run one after the other.
    """

    def __init__(self, card: Card, files: Path, threads: int) -> None:
        self._card, self._files, self._threads = card, files, threads
        self._devices: set[str] = set()

    def load(self, how: Moderation) -> Classifiers:
        """All of them.

        Raises:
            WeightsError: A stored file is missing or not what it should be.
            CardError: A file beside the card is wrong.
        """
        images = [each for each in how.classifiers if isinstance(each, OpenNsfw)]
        text = tuple(self._text(each) for each in how.classifiers if not isinstance(each, OpenNsfw))
        image = tuple(OpenNsfwClassifier(each, self._session(each.model)) for each in images)
        return Classifiers(text, image, max(self._devices - {"cpu"}, default="cpu"))

    def _text(self, how: BlockListSection | Terms | PromptInjection | Sequence) -> Classifier[str]:
        if isinstance(how, BlockListSection):
            return BlockList(read_block_list(self._card.folder / how.file, how.categories))
        if isinstance(how, Terms):
            return Profanity(how, self._terms(how.model))
        if isinstance(how, PromptInjection):
            return Injection(how, self._terms(how.model))
        tokenizer = load_tokenizer(self._files / how.tokenizer)
        return SequenceClassifier(how, self._session(how.model), tokenizer, self._card.inputs.max_tokens)

    def _terms(self, name: str) -> TermModel:
        model = TermModel(self._files, name, self._card.session, self._threads)
        self._devices.add(model.device)
        return model

    def _session(self, file: str) -> OnnxSession:
        session = OnnxSession(self._files / file, self._card.session, self._threads)
        self._devices.add(session.device)
        return session
