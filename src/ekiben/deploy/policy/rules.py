"""The policy's knobs, all in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """How cautious the policy is, and what it believes before it has seen anything.

    Args:
        availability: Share of time in which as many replicas shall serve as are needed.
        prior_h: Hours of observation that the beliefs below weigh as much as.
        prior_episodes_per_h: Bursts of losses in an hour.
        prior_share: Share of the held instances that a burst takes, on average.
        prior_share_squared: The same of the share's square.
        retry_s: Seconds after which a pool that had no capacity is asked again.
        spot_worth: Spot is started where it is expected to save this many times what starting it costs.
        slack_margin_s: How much earlier than necessary on-demand instances are started for work that can wait.
    """

    availability: float = 0.999
    prior_h: float = 1.0
    prior_episodes_per_h: float = 1.0
    prior_share: float = 0.3
    prior_share_squared: float = 0.13
    retry_s: float = 60.0
    spot_worth: float = 1.0
    slack_margin_s: float = 60.0
