"""What the gateway holds against its workers, and what it does not."""

from __future__ import annotations

from pathlib import Path

from ekiben.cards.card import Runtime, Source, Upstream
from ekiben.gateway.host import build_state
from ekiben.settings import load_settings
from ekiben.testing import toy_card, toy_text_card


async def test_a_model_server_that_is_away_is_no_lost_worker(run_dir: Path) -> None:
    far = toy_text_card(
        "far", runtime=Runtime.OPENAI, source=Source(), upstream=Upstream(url="http://gpu/v1", model="m")
    )
    state = build_state([far, toy_card("near")], load_settings(run_dir=run_dir))
    assert state.fleet.missing() == {"far": 1, "near": 1}
    assert state.gone == {"near": 1}
    assert not state.ready
    assert [card.name for card in state.tensor_cards] == ["near"]
