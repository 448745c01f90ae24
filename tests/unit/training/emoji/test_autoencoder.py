from __future__ import annotations

import dataclasses

import torch

from training.emoji.autoencoder import AUTOENCODER_PLAN, Pieces, make_autoencoder, start_autoencoder
from training.emoji.linear_code import CHANNELS
from training.emoji.prepared import Prepared


def test_it_takes_and_gives_pictures_of_any_size() -> None:
    autoencoder = make_autoencoder()
    with torch.inference_mode():
        found = autoencoder.encode(torch.zeros(1, 3, 64, 128)).latent_dist
        assert found.mode().shape == (1, CHANNELS, 8, 16)
        assert autoencoder.decode(found.mode()).sample.shape == (1, 3, 64, 128)
        assert found.std.max() < 0.01


def test_pieces_are_of_pictures_and_their_noise_is_small(prepared: Prepared) -> None:
    pictures, noise = Pieces(prepared.dataset, seed=1).draw(4)
    again, _ = Pieces(prepared.dataset, seed=1).draw(4)
    assert torch.equal(pictures, again)
    assert pictures.shape == (4, 3, 64, 64)
    assert noise.shape == (4, CHANNELS, 8, 8)
    assert noise.std() < 0.2


def test_the_loss_tells_a_good_reconstruction_from_a_bad_one(prepared: Prepared) -> None:
    plan = dataclasses.replace(AUTOENCODER_PLAN, batch=4)
    run, task = start_autoencoder(prepared, plan, torch.device("cpu"))
    batch = task.draw()
    optimizer = run.optimizer
    before = task.loss(batch).item()
    for _ in range(8):
        torch.autograd.backward(task.loss(batch))
        optimizer.step()
        optimizer.zero_grad()
    assert task.loss(batch).item() < 0.9 * before
