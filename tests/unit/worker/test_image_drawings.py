"""The pictures of a request: all of them or none."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from ekiben.errors import QueueFull
from ekiben.inference.image_generation import Drawing, Drawn, ImageSettings
from ekiben.testing.images import ToyImageGenerator
from ekiben.worker.image_drawings import Drawings
from ekiben.worker.image_mailbox import ImageMailbox

SETTINGS = ImageSettings("a", 32, 32, 4, 3.0, 0, "ddim", n=3)


class _Picture:
    def __init__(self) -> None:
        self.future: Future[Drawn] = Future()

    def cancel(self) -> bool:
        return self.future.cancel()

    def suspend(self) -> None:
        raise AssertionError("nobody asked for that")


def _nothing() -> None:
    """Nothing happens meanwhile."""


class Crowded(ToyImageGenerator):
    """Has room for so many pictures; `meanwhile` is called after each."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.pictures: list[_Picture] = []
        self.listeners: list[object] = []
        self.meanwhile: Callable[[], None] = _nothing
        self._room = room

    def submit(self, settings: ImageSettings, index: int, **wishes: Any) -> Drawing:  # noqa: ARG002
        if index == self._room:
            raise QueueFull("no room.")
        self.pictures.append(_Picture())
        self.listeners.append(wishes["listener"])
        self.meanwhile()
        return self.pictures[-1]


async def test_if_one_is_refused_its_siblings_are_cancelled() -> None:
    generator = Crowded(room=2)
    with pytest.raises(QueueFull):
        Drawings(generator, SETTINGS, ImageMailbox(_nothing)).submit(None, None, 0)
    assert [picture.future.cancelled() for picture in generator.pictures] == [True, True]


async def test_given_up_while_they_are_asked_for_none_is_left_behind() -> None:
    generator = Crowded(room=9)
    drawings = Drawings(generator, SETTINGS, ImageMailbox(_nothing))
    generator.meanwhile = drawings.give_up
    drawings.submit(None, None, 0)
    assert [picture.future.cancelled() for picture in generator.pictures] == [True]


async def test_nobody_listens_where_nobody_asked_to_be_told() -> None:
    for changes, listens in ((SETTINGS, False), (ImageSettings("a", 32, 32, 4, 3.0, 0, "ddim", progress=True), True)):
        generator = Crowded(room=9)
        Drawings(generator, changes, ImageMailbox(_nothing)).submit(None, None, 0)
        assert all((listener is not None) == listens for listener in generator.listeners)
