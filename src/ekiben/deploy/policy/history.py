"""What is remembered of losses: of one pool, to choose pools by; of the whole deployment, to size the reserve by.

The past counts less the older it is: everything is multiplied by a half every `half_life_s` in which instances were
held. So a pool that was bad in the morning gets its next chance in the afternoon.
"""

from __future__ import annotations

from typing import NamedTuple

NEVER = float("-inf")


class LossHistory(NamedTuple):
    """Losses in episodes: what goes before the first loss is made good belongs to one.

    Losses come in bursts, over minutes and over zones; a reserve has to outlast all that goes until it is refilled.
    So bursts are counted, and how much of what was held each took.

    Args:
        held_s: Seconds in which instances were held.
        episodes: How many there were.
        share: Sum of the shares (0 to 1) of the held instances that they took.
        share_squared: Sum of the squares of these shares.
        open_since_s: When the latest began.
        open_share: How much the latest has taken so far.
    """

    held_s: float = 0.0
    episodes: float = 0.0
    share: float = 0.0
    share_squared: float = 0.0
    open_since_s: float = NEVER
    open_share: float = 0.0

    def held(self, seconds: float, half_life_s: float) -> LossHistory:
        """After another `seconds` in which instances were held."""
        keep = 0.5 ** (seconds / half_life_s)
        return LossHistory(
            self.held_s * keep + seconds,
            self.episodes * keep,
            self.share * keep,
            self.share_squared * keep,
            self.open_since_s,
            self.open_share,
        )

    def lost(self, now_s: float, share: float, episode_s: float) -> LossHistory:
        """After this share of the held instances got its notice, or went without one."""
        if now_s - self.open_since_s >= episode_s:
            return self._replace(
                episodes=self.episodes + 1,
                share=self.share + share,
                share_squared=self.share_squared + share**2,
                open_since_s=now_s,
                open_share=share,
            )
        grown = min(1.0, self.open_share + share)
        return self._replace(
            share=self.share + grown - self.open_share,
            share_squared=self.share_squared + grown**2 - self.open_share**2,
            open_share=grown,
        )


class PoolHistory(NamedTuple):
    """A pool's losses and refusals.

    Args:
        losses: Of its own instances.
        refused_at_s: When it last had no capacity for a request; `NEVER` if it always had.
        lost_at_s: When instances were last taken.
    """

    losses: LossHistory = LossHistory()
    refused_at_s: float = NEVER
    lost_at_s: float = NEVER

    def held(self, seconds: float, half_life_s: float) -> PoolHistory:
        """After another `seconds` in which instances were held there."""
        return PoolHistory(self.losses.held(seconds, half_life_s), self.refused_at_s, self.lost_at_s)

    def lost(self, now_s: float, share: float, episode_s: float) -> PoolHistory:
        """After this share of the pool's instances got its notice, or went without one."""
        return self._replace(losses=self.losses.lost(now_s, share, episode_s), lost_at_s=now_s)

    def refused(self, now_s: float) -> PoolHistory:
        """After a request for which there was no capacity."""
        return self._replace(refused_at_s=now_s)
