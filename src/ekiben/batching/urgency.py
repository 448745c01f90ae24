"""Who goes first: priority, ageing and deadlines in one number that never changes.

A step of priority is worth `ageing_s` seconds of waiting, so `priority + waited / ageing_s` decides. The
clock adds the same to everyone waiting, so the order between two requests never changes and a heap can keep
it.

Every request is due `ageing_s` after it arrived, or at its deadline where that is sooner, and each step of
priority makes it due `ageing_s` earlier. Hence:

- equal priorities without tight deadlines are served oldest first;
- a tight deadline moves a request ahead by less than one step of priority, however tight;
- nobody starves: whoever arrives more than `ageing_s × (1 + steps of priority above mine)` after me is due
  after me.
"""

from __future__ import annotations


def due_at(arrival: float, deadline: float, priority: int, ageing_s: float) -> float:
    """Compute when, on the batcher's clock, a request is due; the earliest goes first."""
    return min(deadline, arrival + ageing_s) - priority * ageing_s
