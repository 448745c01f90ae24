"""The policy's knobs, all in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """How cautious the policy is, and what it believes before it has seen anything.

    Args:
        availability: Share of time in which as many replicas shall serve as are needed.
        prior_h: Hours of observation that the beliefs below weigh as much as.
        prior_bursts_per_h: Bursts of losses in an hour; half of them take more than the half of all instances.
        prior_losses_per_h: Losses that an instance of a pool has to expect in an hour.
        scouts: Share of what is needed that is spot at least, so that there is something to learn from; it shrinks
            to a half after `prior_h` hours of observation, to a third after twice that, and so on.
        retry_s: Seconds after which a pool that had no capacity is asked again.
        spot_worth: Spot is started where it is expected to save this many times what starting it costs.
        near_price: New instances are spread over the pools that cost up to this many times the cheapest.
        slack_margin_s: How much earlier than necessary on-demand instances are started for work that can wait.
    """

    availability: float = 0.999
    prior_h: float = 1.0
    prior_bursts_per_h: float = 1.0
    prior_losses_per_h: float = 0.075
    scouts: float = 0.25
    retry_s: float = 60.0
    spot_worth: float = 1.0
    near_price: float = 1.15
    slack_margin_s: float = 60.0
