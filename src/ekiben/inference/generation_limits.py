"""A card's limits on a request for text."""

from __future__ import annotations

from ekiben.cards.card import Card
from ekiben.errors import InvalidRequest, PayloadTooLarge
from ekiben.inference.generation import GenerationRequest


def check_limits(request: GenerationRequest, card: Card, max_tokens_param: str = "max_tokens") -> None:
    """Refuse what the card does not allow; what depends on the model's tokenizer is checked by the model.

    Args:
        request: What is asked for.
        card: Of the model asked.
        max_tokens_param: What the caller calls `max_tokens`.

    Raises:
        PayloadTooLarge: Too many messages or characters.
        InvalidRequest: A longer answer than may be asked for.
    """
    param = "prompt" if isinstance(request.prompt, str) else "messages"
    turns = 1 if isinstance(request.prompt, str) else len(request.prompt)
    if turns > card.inputs.max_items:
        raise PayloadTooLarge(
            f"messages has {turns} entries; the limit of {card.name} is {card.inputs.max_items}.", param=param
        )
    characters, limit = len(request.text), card.inputs.max_characters
    if limit is not None and characters > limit:
        raise PayloadTooLarge(
            f"{param} has {characters} characters in all; the limit of {card.name} is {limit}.", param=param
        )
    most = card.generation.max_tokens if card.generation else None
    if most is not None and request.max_tokens is not None and request.max_tokens > most:
        raise InvalidRequest(
            f"{max_tokens_param} is {request.max_tokens}; the limit of {card.name} is {most}.", param=max_tokens_param
        )
