"""The whole program on toy drawings: from what was prepared to a folder that can be served."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from training.emoji.__main__ import main
from training.emoji.prepared import Prepared


@pytest.mark.slow
def test_a_minute_of_training_lets_the_loss_fall(prepared: Prepared, tmp_path: Path) -> None:
    shutil.copytree(prepared.tokenizer.parent, tmp_path / "prepared")
    assert main(["--smoke", "--work", str(tmp_path), "--device", "cpu"]) == 0
    assert (tmp_path / "smoke" / "emoji-128" / "model_index.json").is_file()
    assert (tmp_path / "smoke" / "emoji-128" / "contact-sheet.png").is_file()
    for task in ("autoencoder", "denoiser"):
        state = json.loads((tmp_path / "smoke" / task / "until-60" / "state.json").read_text())
        losses = [loss for _, loss in state["losses"]]
        assert losses[-1] < 0.9 * losses[0], task
