"""What every entry point needs from the outside world: settings, cards, plan, and BentoML's options.

Read once, when BentoML imports an entry point; `ekiben` itself never looks for the repository's folders.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import bentoml
from bentoml.exceptions import BentoMLException

from ekiben.cards.card import Card, Task
from ekiben.cards.catalogue import Catalogue, load_catalogue
from ekiben.devices.machine import Machine, measure_machine
from ekiben.devices.plan import Placement, Plan
from ekiben.devices.planner import make_plan
from ekiben.errors import CardError, EkibenError
from ekiben.inference.tensors import Tensor, Tensors
from ekiben.settings import Settings, load_settings
from ekiben.telemetry.logs import configure_logging
from ekiben.worker.host import ModelHost
from ekiben.worker.tensor_servable import TensorServable

PROJECT = Path(__file__).resolve().parent.parent
# Ours are shorter and are passed on; BentoML's timer is never cancelled, so a longer one only keeps memory.
TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class Assembly:
    """Settings, cards and machine of this process."""

    settings: Settings
    catalogue: Catalogue
    cards: tuple[Card, ...]
    machine: Machine

    @property
    def local(self) -> tuple[Card, ...]:
        """The cards whose workers run here: those that no setting says are elsewhere."""
        return tuple(card for card in self.cards if not self.settings.is_elsewhere(card.name))

    def plan(self) -> Plan:
        """The plan of all of them together.

        Raises:
            ConfigurationError: The machine is too small.
        """
        return make_plan(self.local, self.machine)

    def alone(self, task: Task) -> tuple[Card, Placement, Settings]:
        """Card, place and settings of a service of this task on its own: of `EKIBEN_MODEL`, or the first card.

        Raises:
            CardError: There is none.
        """
        wanted = self.settings.model
        for card in self.catalogue.served:
            if card.task is task and wanted in ("", card.name):
                return card, make_plan([card], self.machine).of(card.name), self.settings
        raise CardError(f"no card of task {task.value}" + (f" named {wanted!r} (EKIBEN_MODEL)" if wanted else ""))


def assemble() -> Assembly:
    """Read settings, cards and machine.

    Raises:
        OperatorError: A setting or a card is wrong.
    """
    settings = load_settings()
    configure_logging(settings.log_format, settings.log_level, sys.stderr, log_content=settings.log_content)
    catalogue = load_catalogue(settings.models_dir or PROJECT / "models")
    cards = catalogue.select(settings.only)
    return Assembly(settings, catalogue, cards, measure_machine(settings))


def options(card: Card) -> dict[str, Any]:
    """BentoML's service configuration for one model."""
    return {
        "name": card.name,
        "workers": card.resources.workers,
        "resources": {"cpu": str(card.resources.cpu), "memory": f"{card.resources.memory_gib}Gi"}
        | ({"gpu": card.resources.gpu} if card.resources.gpu else {}),
        "traffic": {"timeout": TIMEOUT_S},
        "logging": {"access": {"enabled": False}},
        # BentoML closes a shared connection under its callers after 100 requests or 300 s otherwise.
        "runner_connection": {"max_requests": 10**9, "max_age": 1e9},
    }


def weights_of(reference: bentoml.models.BentoModel) -> Callable[[], Path]:
    """Where the referenced weights lie, looked up when asked."""
    return lambda: Path(reference.resolve().path)


class Hosted:
    """The life of a service around one model; a subclass sets `host` when it is made."""

    host: ModelHost[Any]

    @bentoml.on_startup
    async def start(self) -> None:
        """Load, warm and listen."""
        await self.host.start()

    @bentoml.on_shutdown
    async def stop(self) -> None:
        """Finish what was accepted."""
        await self.host.stop()

    async def __is_ready__(self) -> bool:
        return self.host.ready


class TensorHosted(Hosted):
    """A service around one tensor model."""

    host: ModelHost[TensorServable]

    async def infer(self, **inputs: Tensor) -> Tensors:
        """Run one request of BentoML's own API.

        Raises:
            Refused: Any error of ours.
        """
        with in_bentomls_terms():
            async with self.host.loaded() as servable:
                return (await servable.infer(inputs)).outputs


class Refused(BentoMLException):
    """An Ekiben error in BentoML's own terms, for callers of BentoML's own API."""

    def __init__(self, error: EkibenError) -> None:
        super().__init__(error.message)
        self.error_code = HTTPStatus(error.status)


@contextmanager
def in_bentomls_terms() -> Iterator[None]:
    """Raise our errors as `Refused`."""
    try:
        yield
    except EkibenError as error:
        raise Refused(error) from error
