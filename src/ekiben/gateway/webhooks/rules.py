"""What the operator has settled about webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ekiben.errors import InvalidRequest
from ekiben.gateway.webhooks.address import Network, check_webhook
from ekiben.gateway.webhooks.signing import read_secrets, secret_of
from ekiben.settings import Settings


@dataclass(frozen=True, slots=True)
class WebhookRules:
    """Secrets by key, and the networks that are allowed besides public addresses."""

    secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    networks: tuple[Network, ...] = ()

    def check(self, url: str, principal: str) -> None:
        """Refuse a webhook that could never be sent.

        Raises:
            InvalidRequest: It leads where none may lead, or nothing would sign it.
        """
        check_webhook(url, self.networks)
        if secret_of(self.secrets, principal) is None:
            raise InvalidRequest(
                "this key has no secret to sign webhooks with; the operator sets it in EKIBEN_WEBHOOK_SECRETS.",
                param="webhook",
            )


def webhook_rules(settings: Settings) -> WebhookRules:
    """The rules of the settings.

    Raises:
        ConfigurationError: A secret is none.
    """
    return WebhookRules(read_secrets(settings.webhook_secrets), settings.webhook_networks)
