"""What is remembered of losses: of one pool, to choose pools by; of the whole deployment, to size the reserve by.

The past counts less the older it is: everything is multiplied by a half every `half_life_s` in which instances were
held. So a pool that was bad in the morning gets its next chance in the afternoon.
"""

from __future__ import annotations

from typing import Final, NamedTuple

NEVER: Final = float("-inf")
# Shares that bursts are counted by: more than 0/8, 1/8, ... 7/8 of what was held.
SHARES: Final = tuple(step / 8 for step in range(8))


class BurstHistory(NamedTuple):
    """Losses of a whole deployment, in bursts: what goes before the first loss is made good belongs to one.

    Losses come close together, over minutes and over zones; a reserve has to outlast all that goes until it is
    refilled. So what is counted is how many bursts took more than a share of what was held.

    Args:
        held_s: Seconds in which instances were held.
        beyond: How many bursts took more than each of `SHARES`.
        open_since_s: When the latest began.
        open_share: How much the latest has taken so far, 0 to 1.
    """

    held_s: float = 0.0
    beyond: tuple[float, ...] = (0.0,) * len(SHARES)
    open_since_s: float = NEVER
    open_share: float = 0.0

    def held(self, seconds: float, half_life_s: float) -> BurstHistory:
        """After another `seconds` in which instances were held."""
        keep = 0.5 ** (seconds / half_life_s)
        return self._replace(held_s=self.held_s * keep + seconds, beyond=tuple(count * keep for count in self.beyond))

    def lost(self, now_s: float, share: float, burst_s: float) -> BurstHistory:
        """After this share of the held instances got its notice, or went without one.

        Args:
            now_s: When.
            share: 0 to 1.
            burst_s: Seconds from its first loss in which a burst goes on.
        """
        is_new = now_s - self.open_since_s >= burst_s
        before = 0.0 if is_new else self.open_share
        grown = min(1.0, before + share)
        return self._replace(
            beyond=tuple(count + (before <= bound < grown) for count, bound in zip(self.beyond, SHARES, strict=True)),
            open_since_s=now_s if is_new else self.open_since_s,
            open_share=grown,
        )


class PoolHistory(NamedTuple):
    """A pool's losses and refusals.

    Args:
        held_s: Seconds in which instances were held there.
        share: Sum of the shares (0 to 1) of these that were lost, one loss after the other.
        refused_at_s: When it last had no capacity for a request; `NEVER` if it always had.
        lost_at_s: When instances were last taken.
    """

    held_s: float = 0.0
    share: float = 0.0
    refused_at_s: float = NEVER
    lost_at_s: float = NEVER

    def held(self, seconds: float, half_life_s: float) -> PoolHistory:
        """After another `seconds` in which instances were held there."""
        keep = 0.5 ** (seconds / half_life_s)
        return PoolHistory(self.held_s * keep + seconds, self.share * keep, self.refused_at_s, self.lost_at_s)

    def lost(self, now_s: float, share: float) -> PoolHistory:
        """After this share of the pool's instances got its notice, or went without one."""
        return self._replace(share=self.share + share, lost_at_s=now_s)

    def refused(self, now_s: float) -> PoolHistory:
        """After a request for which there was no capacity."""
        return self._replace(refused_at_s=now_s)
