"""Toy models for tests: real enough for every layer, with answers a test can predict."""

from ekiben.testing.embedding import ToyEmbedding, toy_card
from ekiben.testing.moderation import ToyModeration, toy_moderation_card
from ekiben.testing.text import FLOOD_CHARACTERS, FLOOD_PIECES, ToyGenerator, toy_text_card

__all__ = [
    "FLOOD_CHARACTERS",
    "FLOOD_PIECES",
    "ToyEmbedding",
    "ToyGenerator",
    "ToyModeration",
    "toy_card",
    "toy_moderation_card",
    "toy_text_card",
]
