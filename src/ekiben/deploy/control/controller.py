"""The loop: look, remember, decide, order."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from ekiben.deploy.control import memory as memories
from ekiben.deploy.control.demand import Demand
from ekiben.deploy.control.group import Group
from ekiben.deploy.control.memory import Memory, fold
from ekiben.deploy.control.numbers import Numbers
from ekiben.deploy.control.orders import Orders, orders
from ekiben.deploy.control.prices import Prices
from ekiben.deploy.control.seen import Seen
from ekiben.deploy.control.shipping import Shipping
from ekiben.deploy.control.situation import USABLE_NOTICE_S, situation
from ekiben.deploy.policy import Rules, decide
from ekiben.schemas.needs import Needs

_log = structlog.get_logger("ekiben.control")

EVERY_S: Final = 15.0
_PRICES_EVERY_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Steered:
    """A model and its group.

    Args:
        model: Served name.
        group: Its Auto Scaling group.
        prices: Asks what its instances cost.
        cold_start_s: Seconds from launch until an instance serves.
    """

    model: str
    group: Group
    prices: Callable[[Seen], Prices]
    cold_start_s: float


class Controller:
    """Steers one group.

    Args:
        steered: Which one.
        demand: Says what the work needs.
        rules: The policy's.
        numbers: Where it is shown.
        file: Where its memory outlives the process.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        steered: Steered,
        demand: Demand,
        rules: Rules,
        numbers: Numbers,
        file: Path,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._steered, self._demand, self._rules, self._numbers = steered, demand, rules, numbers
        self._file, self._clock = file, clock
        self._memory = _read(file, clock())
        self._prices: tuple[float, Prices] | None = None
        self._said: int | None = None
        self._shipping = Shipping(steered.group.name, self._memory.lost)

    def step(self) -> Orders:
        """Look once, and set the group to what the policy wants.

        Raises:
            botocore.exceptions.ClientError: AWS refuses.
            OperatorError: There is no such group, or no price of its types.
        """
        now_s = self._clock()
        before = self._memory
        seen = self._steered.group.look(before.kept, datetime.fromtimestamp(before.at_s, UTC))
        burst_s = max(EVERY_S, self._steered.cold_start_s - USABLE_NOTICE_S)
        self._memory = fold(before, seen, now_s, burst_s)
        self._keep()
        prices = self._current_prices(now_s, seen)
        needs = self._demand.of(self._steered.model)
        observed = situation(seen, self._memory, prices, self._needed(seen, needs), self._steered.cold_start_s)
        plan = decide(observed, self._rules)
        wanted = orders(plan, observed, seen)
        if self._steered.group.follow(wanted):
            reasons = [f"{reason.cause.value} {reason.instances} {reason.pool}".strip() for reason in plan.reasons]
            _log.info(
                "group set",
                model=self._steered.model,
                **wanted._asdict() | {"zones": sorted(wanted.zones)},
                why=reasons,
            )
        self._numbers.show(self._steered.model, seen, self._memory, wanted, prices)
        self._shipping.tell(now_s, seen, self._memory, wanted, prices, needs)
        return wanted

    def _needed(self, seen: Seen, needs: Needs | None) -> int:
        """Capacity for the work; while nobody can say, as before, or as much as there is."""
        self._said = self._said if needs is None else needs.replicas
        settings = seen.settings
        wanted = settings.desired if self._said is None else self._said * settings.replica
        return min(max(wanted, settings.least), settings.most)

    def _current_prices(self, now_s: float, seen: Seen) -> Prices:
        if self._prices is None or not 0 <= now_s - self._prices[0] < _PRICES_EVERY_S:
            self._prices = (now_s, self._steered.prices(seen))
        return self._prices[1]

    def _keep(self) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(memories.dump(self._memory))
        new.replace(self._file)


def steer(controllers: Sequence[tuple[str, Controller]], numbers: Numbers, pause: Callable[[float], bool]) -> None:
    """Step every controller again and again; what fails is logged and tried again.

    Args:
        controllers: By model.
        numbers: Where failures are counted.
        pause: Waits so many seconds; True: it is time to end.
    """
    while True:
        for model, controller in controllers:
            try:
                controller.step()
            except Exception:  # noqa: BLE001  # one group's trouble is not the others'
                numbers.failed(model)
                _log.exception("group not steered", model=model)
        if pause(EVERY_S):
            return


def _read(file: Path, now_s: float) -> Memory:
    try:
        return memories.load(file.read_text())
    except FileNotFoundError:
        return Memory(now_s)
    except ValueError as error:
        _log.warning("memory begins anew", file=str(file), error=str(error))
        return Memory(now_s)
