"""Clock, chance and sleep, in one place so that a test can own them."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


@dataclass(frozen=True, slots=True)
class Pace:
    """What retrying takes from the world.

    Attributes:
        monotonic: Seconds that only grow; deadlines are measured with it.
        wall: Unix time in seconds, to which a `Retry-After` date is relative.
        random: A number in [0, 1), for jitter.
        sleep: Wait for some seconds.
        sleep_async: The same for the asynchronous client.
    """

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    random: Callable[[], float] = random.random
    sleep: Callable[[float], None] = time.sleep
    sleep_async: Callable[[float], Awaitable[None]] = asyncio.sleep
