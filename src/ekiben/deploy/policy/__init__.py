"""How many instances of which kind should run: pure functions of what is observed.

decide        decide: observed state in, plan out; the map of the package
    placement which pools: what is expected of each, and where new instances go
    mixture   how many spot and how many on demand, by cost
    reserve   how many more than needed, by the losses to expect
    reasons   why, as data
rules         Rules: every knob
state         Observed, PoolState, OnDemandState: what is seen
history       LossHistory, PoolHistory: what is remembered, folded from events by whoever observes
plan          Plan, Reason, Cause: what is answered
pool          Pool: a zone and a type
"""

from ekiben.deploy.policy.decide import decide
from ekiben.deploy.policy.history import LossHistory, PoolHistory
from ekiben.deploy.policy.plan import Cause, Plan, Reason
from ekiben.deploy.policy.pool import Pool
from ekiben.deploy.policy.rules import Rules
from ekiben.deploy.policy.state import Observed, OnDemandState, PoolState

__all__ = [
    "Cause",
    "LossHistory",
    "Observed",
    "OnDemandState",
    "Plan",
    "Pool",
    "PoolHistory",
    "PoolState",
    "Reason",
    "Rules",
    "decide",
]
