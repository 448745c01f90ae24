"""Everything the routes share, made once per gateway process."""

from __future__ import annotations

from dataclasses import dataclass

from ekiben.cards.card import Card, Task
from ekiben.devices.nvml import GpuReader
from ekiben.errors import InvalidRequest, ModelNotFound
from ekiben.gateway.admission import Admission
from ekiben.gateway.authentication import Authentication
from ekiben.gateway.elsewhere import Elsewhere
from ekiben.gateway.fleet import Fleet
from ekiben.gateway.jobs.desk import JobDesk
from ekiben.gateway.metrics import GatewayMetrics
from ekiben.gateway.moderator import Moderator
from ekiben.objects.expiring import ExpiringFiles
from ekiben.settings import Settings


@dataclass(frozen=True, slots=True)
class GatewayState:
    """Settings, cards, workers, keys, metrics.

    Attributes:
        cards: The served models, by name.
        labels: Class names, by model, of those that classify.
        gpus: Reads this machine's GPUs; blocks for some milliseconds.
        files: Those under links that expire; None where no model makes any.
        jobs: The queue of jobs; None where there is none.
        elsewhere: Workers that announce themselves from other machines; None where none are looked for.
    """

    settings: Settings
    cards: dict[str, Card]
    labels: dict[str, list[str]]
    fleet: Fleet
    admission: Admission
    metrics: GatewayMetrics
    authentication: Authentication
    gpus: GpuReader
    moderator: Moderator
    files: ExpiringFiles | None = None
    jobs: JobDesk | None = None
    elsewhere: Elsewhere | None = None

    @property
    def ready(self) -> bool:
        """Whether requests are taken, and every worker is there but those nothing here can bring back."""
        return not self.admission.draining and not self.gone and self.answers

    @property
    def answers(self) -> bool:
        """Whether any model has a worker that is ready."""
        return any(self.fleet.counts(name)[0] for name in self.cards)

    @property
    def gone(self) -> dict[str, int]:
        """Missing workers that a new process here could replace.

        Not those that wait for a model server elsewhere, nor those that announce themselves when they come.
        """
        lasting = {
            name for name, card in self.cards.items() if card.upstream or name in self.settings.workers_elsewhere
        }
        return {name: count for name, count in self.fleet.missing().items() if name not in lasting}

    @property
    def tensor_cards(self) -> list[Card]:
        """The served models that answer the Open Inference Protocol."""
        return [card for card in self.cards.values() if card.task.takes_tensors]

    def card(self, name: str) -> Card:
        """The served model of that name.

        Raises:
            ModelNotFound: There is none; the message lists those there are.
        """
        card = self.cards.get(name)
        if card is None:
            raise ModelNotFound(
                f"model {name[:100]!r} is not served here; there are: {', '.join(self.cards)}.", param="model"
            )
        return card

    def card_of_task(self, name: str | None, task: Task) -> Card:
        """The named model, or the first of the task when none is named.

        Raises:
            ModelNotFound: None of that name, or none of the task.
            InvalidRequest: The named model does something else.
        """
        if name is None:
            named = next((card for card in self.cards.values() if card.task is task), None)
            if named is None:
                raise ModelNotFound(f"no {task.value} model is served here.", param="model")
            return named
        card = self.card(name)
        if card.task is not task:
            raise InvalidRequest(f"model {name!r} does {card.task.value}, not {task.value}.", param="model")
        return card
