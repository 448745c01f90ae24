"""What the routes of jobs share."""

from __future__ import annotations

from dataclasses import dataclass

from ekiben.gateway.webhooks.rules import WebhookRules, webhook_rules
from ekiben.jobs import Blobs, Deliveries, Erasure, Events, JobQueue, News, Store
from ekiben.jobs.opening import open_blobs, open_store
from ekiben.objects.signature import Signer
from ekiben.settings import Settings


@dataclass(frozen=True, slots=True)
class JobDesk:
    """One queue, seen from the caller's side.

    Attributes:
        signer: Signs links to results.
        link_ttl_s: Seconds that they hold.
        webhooks: Which ones are taken.
    """

    store: Store
    news: News
    blobs: Blobs
    signer: Signer
    link_ttl_s: float
    webhooks: WebhookRules

    @property
    def queue(self) -> JobQueue:
        """Submit, look at, cancel."""
        return JobQueue(self.store)

    @property
    def events(self) -> Events:
        """What happened to a job."""
        return Events(self.store, self.news)

    @property
    def deliveries(self) -> Deliveries:
        """Webhooks that are due."""
        return Deliveries(self.store)

    @property
    def erasure(self) -> Erasure:
        """Erase jobs and all that belongs to them."""
        return Erasure(self.store, self.blobs)

    async def start(self) -> None:
        """Listen for news; returns at once, whether or not the queue can be reached."""
        await self.news.__aenter__()

    async def close(self) -> None:
        """Close every connection."""
        await self.news.__aexit__()
        await self.store.__aexit__()


def open_desk(settings: Settings, signer: Signer) -> JobDesk:
    """The desk of the queue that the settings name.

    Raises:
        ConfigurationError: The queue's address or the place of objects is none.
    """
    store = open_store(settings)
    return JobDesk(store, News(store), open_blobs(settings), signer, settings.file_ttl_s, webhook_rules(settings))
