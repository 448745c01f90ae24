"""What a pull says of licences, and whom it asks."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Collection

    from ekiben.cards.card import Card
    from ekiben.weights.acceptance import Acceptances


def settle(card: Card, acceptances: Acceptances, accepted: Collection[str]) -> None:
    """Show a card's licence; where it is restricted, take the user's word, or ask on a terminal.

    Without either nothing is accepted, and the pull refuses the card.

    Args:
        card: To be fetched.
        acceptances: Where it is remembered.
        accepted: Served names whose licences the command accepts.

    Raises:
        typer.Abort: The user was asked and does not accept.
    """
    typer.echo(f"{card.name}: the weights are under {card.licence.weights}", err=True)
    if card.licence.notice:
        typer.echo(f"  {card.licence.notice}", err=True)
    if acceptances.covers(card):
        return
    typer.echo(f"  restricted: {card.licence.restricted}", err=True)
    if card.name in accepted or _asked(card):
        acceptances.accept(card)


def _asked(card: Card) -> bool:
    """Ask where somebody can answer; elsewhere nobody has accepted."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    return typer.confirm(f"Do you accept this licence for {card.name}?", abort=True, err=True)
