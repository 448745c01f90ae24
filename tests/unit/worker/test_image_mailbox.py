"""The mailbox: a reader who is slow gets the newest, one who is quick gets all, and ends are kept."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future

import numpy as np
import pytest

from ekiben.errors import Unavailable
from ekiben.inference.image_generation import Drawn, Facts, Pixels
from ekiben.worker.image_mailbox import Ended, ImageMailbox, Previewed, Stepped


class Picture:
    def __init__(self) -> None:
        self.future: Future[Drawn] = Future()

    def cancel(self) -> bool:
        return self.future.cancel()

    def suspend(self) -> None:
        raise AssertionError("nobody asked for that")


def colour(value: int) -> Pixels:
    return np.full((2, 2, 3), value, dtype=np.uint8)


class Skips:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


async def test_a_slow_reader_gets_the_newest_preview_and_step_of_each_picture() -> None:
    skips = Skips()
    mailbox = ImageMailbox(skips)
    listeners = [mailbox.listener(index) for index in range(2)]
    for step in range(1, 6):
        for listener in listeners:
            await asyncio.to_thread(listener, step, 9, colour(step))
    news = await mailbox.news()
    assert [type(each) for each in news] == [Stepped, Stepped, Previewed, Previewed]
    previews = [each for each in news if isinstance(each, Previewed)]
    assert [(each.index, each.number, each.step, int(each.pixels[0, 0, 0])) for each in previews] == [
        (0, 4, 5, 5),
        (1, 4, 5, 5),
    ]
    assert skips.count == 8


async def test_a_quick_reader_gets_every_one() -> None:
    skips = Skips()
    mailbox = ImageMailbox(skips)
    listener = mailbox.listener(0)
    for step in range(1, 4):
        await asyncio.to_thread(listener, step, 4, None)
        assert await mailbox.news() == [Stepped(0, step, 4)]
    assert skips.count == 0


async def test_how_a_picture_ended_comes_last_and_is_never_lost() -> None:
    mailbox = ImageMailbox(Skips())
    good, bad, unwanted = Picture(), Picture(), Picture()
    for index, picture in enumerate((good, bad, unwanted)):
        mailbox.watch(index, picture)
    drawn = Drawn(colour(1), Facts(0, 2, 2, 1, 0.0, "ddim", "toy", "1", 1))
    good.future.set_result(drawn)
    mailbox.listener(0)(1, 2, colour(9))
    bad.future.set_exception(Unavailable("gone."))
    unwanted.cancel()
    *before, first, second, third = await mailbox.news()
    assert [type(each) for each in before] == [Stepped, Previewed]
    assert isinstance(first, Ended)
    assert first.drawn() is drawn
    assert isinstance(second, Ended)
    with pytest.raises(Unavailable):
        second.drawn()
    assert isinstance(third, Ended)
    assert third.index == 2


async def test_what_ended_before_it_was_watched_is_told_too() -> None:
    mailbox, picture = ImageMailbox(Skips()), Picture()
    picture.cancel()
    mailbox.watch(0, picture)
    async with asyncio.timeout(20):
        (ended,) = await mailbox.news()
    assert isinstance(ended, Ended)


def test_a_device_may_outlive_the_loop() -> None:
    async def make() -> ImageMailbox:
        return ImageMailbox(Skips())

    mailbox = asyncio.run(make())
    mailbox.listener(0)(1, 2, None)
