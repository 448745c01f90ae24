"""Where the time of one picture went."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds from submitting to the picture, by stage, and the company it had.

    Attributes:
        queue_s: Waiting, between steps too.
        encode_s: Encoding the prompt and drawing the first noise.
        denoise_s: In forwards and scheduler steps that it shared with its neighbours.
        decode_s: In the decoding that it shared.
        rows_per_step: Denoiser rows in a forward, on average over its steps.
    """

    queue_s: float
    encode_s: float
    denoise_s: float
    decode_s: float
    rows_per_step: float


@dataclass(slots=True)
class Stopwatch:
    """Adds up one picture's stages while it is made; a checkpoint carries the sums on.

    Attributes:
        evaluations: Forwards it took part in.
        rows: Sum over those of the rows in each.
    """

    arrived: float
    encode_s: float = 0.0
    denoise_s: float = 0.0
    decode_s: float = 0.0
    evaluations: int = 0
    rows: int = 0

    def carry_on(self, *, encode_s: float, denoise_s: float, evaluations: int, rows: int) -> None:
        """Add what was spent before a checkpoint, as if it had been spent here."""
        self.encode_s += encode_s
        self.denoise_s += denoise_s
        self.evaluations += evaluations
        self.rows += rows
        self.arrived -= encode_s + denoise_s

    def denoised(self, seconds: float, rows: int) -> None:
        """Add a forward of so many rows that it took part in."""
        self.denoise_s += seconds
        self.evaluations += 1
        self.rows += rows

    def timing(self, now: float) -> Timing:
        """What it has measured by `now`, a moment on the clock that told `arrived`."""
        on_device = self.encode_s + self.denoise_s + self.decode_s
        return Timing(
            queue_s=max(0.0, now - self.arrived - on_device),
            encode_s=self.encode_s,
            denoise_s=self.denoise_s,
            decode_s=self.decode_s,
            rows_per_step=self.rows / self.evaluations if self.evaluations else 0.0,
        )
