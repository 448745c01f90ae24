"""How many instances more than needed: enough to outlast the losses that come before replacements serve.

A loss is announced `usable_notice_s` ahead and made good after a start; the difference is the gap. Capacity is missing
for about gap · rate of the bursts that take more than the reserve, which shall be no more than the availability leaves.

How large bursts get is not assumed but counted, since the one that hurts is the one that is larger than those before
it: a burst of any size is held to be possible, and rarer the longer none came, as Laplace's rule of succession has it.
So a reserve is as large as all there is at first, and shrinks with the hours in which that was more than enough.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from ekiben.deploy.policy.history import SHARES, BurstHistory
from ekiben.deploy.policy.rules import Rules


class Bursts(NamedTuple):
    """Bursts of losses as they are expected.

    Args:
        per_h: How many in an hour take more than each of `SHARES` of the instances.
    """

    per_h: tuple[float, ...]

    def beyond(self, share: float) -> float:
        """How many in an hour take more than this share, 0 to 1, of the instances."""
        return 0.0 if share >= 1 else self.per_h[int(share * len(SHARES))]


def expected_bursts(seen: BurstHistory, rules: Rules) -> Bursts:
    """Join what was seen with what is believed.

    The numbers come in steps of a tenth: more is not known, and what is computed from them can be remembered.
    """
    hours = seen.held_s / 3600 + rules.prior_h
    believed = rules.prior_h * rules.prior_bursts_per_h
    counted = zip(seen.beyond, SHARES, strict=True)
    return Bursts(tuple(_rounded((count + believed * (1 - share)) / hours) for count, share in counted))


def reserve_for(spot: int, bursts: Bursts, gap_s: float, rules: Rules) -> int:
    """The least number r for which losing more than r of `spot` instances is rare enough; 0 to `spot`."""
    tolerated = 1 - rules.availability
    return next((r for r in range(spot) if bursts.beyond(r / spot) * gap_s / 3600 <= tolerated), spot)


def lost_beyond(spot: int, spare: int, bursts: Bursts) -> float:
    """How many of `spot` instances are lost beyond the first `spare` of a burst, in an hour."""
    return sum(bursts.beyond(lost / spot) for lost in range(spare, spot))


def _rounded(value: float) -> float:
    return math.exp(round(10 * math.log(value)) / 10)
