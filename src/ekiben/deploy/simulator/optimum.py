"""What an omniscient scheduler would pay: a bound that no strategy can beat.

`linear_program` minimizes over the whole trace, known in advance. For each pool, and for on-demand, with L(t) and E(t)
the instances launched and ended up to tick t, both non-decreasing, d the ticks of a cold start and p the
price:

    minimize    sum over ticks and kinds of  p (L(t) - E(t))
    subject to  0 <= L(t) - E(t) <= capacity(t)          what is held exists
                S(t) - E(t) >= 0                         only serving instances are ended
                sum over kinds of S(t) - E(t) >= needed(t)

with S(t) = L(t - d), those whose cold start is over; before tick d it is L(0), since what is launched in the first tick
of a replay serves at once.

It is a bound. Take what any strategy did in a replay with availability 1, and leave out of it every instance that
ended before it served: such an instance was paid for and never counted as serving, so what is left costs no more and
serves as much. Its cumulative launches and ends satisfy every constraint (an instance that serves at t is one of S(t)
and has not ended). So its cost is at least the program's minimum; and the minimum may even use fractions of instances
and needs no interruption notices. A strategy that is available in fewer ticks can be cheaper: below 100 % the bound
does not hold, which for the 99.9 % asked for here is a difference of 0.1 % of the ticks.

`instant_optimum` leaves out the cold starts' cost as well and takes the cheapest of what exists in each tick; it is a
weaker bound, and quick at any length: an instance that serves at t was there during the whole cold start before, so the
serving instances of a pool are at most the lowest capacity from t - d to t.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ekiben.deploy.simulator.replay import surviving
from ekiben.deploy.simulator.terms import Terms
from ekiben.deploy.simulator.trace import Trace


def instant_optimum(trace: Trace, needed: NDArray[np.int64], terms: Terms) -> float:
    """A lower bound of the cost of full availability, in the unit of the prices; see the module."""
    cold = terms.cold_start_ticks(trace.tick_s)
    usable = surviving(trace.capacity[::-1], cold)[::-1]
    missing = needed.copy()
    cost = 0.0
    for index in sorted(range(len(trace.pools)), key=lambda index: trace.pools[index].spot_price):
        price = trace.pools[index].spot_price
        if price >= terms.on_demand_price:
            break
        taken = np.minimum(missing, usable[:, index])
        missing -= taken
        cost += price * float(taken.sum())
    return (cost + terms.on_demand_price * float(missing.sum())) * trace.tick_s / 3600
