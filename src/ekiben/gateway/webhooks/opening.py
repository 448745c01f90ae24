"""The loop that sends webhooks, over one queue."""

from __future__ import annotations

from ekiben.gateway.jobs.desk import JobDesk
from ekiben.gateway.webhooks.delivering import Deliverer
from ekiben.gateway.webhooks.sending import Sender


def open_deliverer(desk: JobDesk) -> Deliverer:
    """A deliverer, not yet started."""
    rules = desk.webhooks
    return Deliverer(desk.queue, desk.deliveries, rules.secrets, Sender(rules.networks))
