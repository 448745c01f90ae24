from __future__ import annotations

from ekiben.diffusion.timing import Stopwatch


def test_what_is_not_on_the_device_is_waiting() -> None:
    stopwatch = Stopwatch(arrived=10.0, encode_s=1.0, decode_s=0.5)
    stopwatch.denoised(2.0, rows=4)
    stopwatch.denoised(2.0, rows=2)
    timing = stopwatch.timing(now=20.0)
    assert (timing.queue_s, timing.denoise_s, timing.rows_per_step) == (4.5, 4.0, 3.0)


def test_time_before_a_checkpoint_counts_as_spent_and_not_as_waited() -> None:
    stopwatch = Stopwatch(arrived=10.0)
    stopwatch.carry_on(encode_s=1.0, denoise_s=5.0, evaluations=5, rows=10)
    timing = stopwatch.timing(now=12.0)
    assert (timing.queue_s, timing.encode_s, timing.denoise_s, timing.rows_per_step) == (2.0, 1.0, 5.0, 2.0)


def test_nothing_done_yet() -> None:
    assert Stopwatch(arrived=0.0).timing(now=0.0).rows_per_step == 0.0
