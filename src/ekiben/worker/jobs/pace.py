"""How often a job's state is written down."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CheckpointPace:
    """At the latest after so many steps of a picture, or seconds of computing it, whichever comes first.

    Seconds are the fair measure: what a kill costs is time, and so is writing. Steps bound what is computed twice.

    Attributes:
        every_steps: 0 for any number.
        every_s: 0 for any number; where both are 0, only a drain writes.
    """

    every_steps: int = 0
    every_s: float = 2.0
