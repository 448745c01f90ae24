"""Everything that is computed once before training, in one folder."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from training.emoji.borrowing import Borrowed, borrow
from training.emoji.captions import HELD_OUT_TEMPLATES, TEMPLATES, Phrases, collect
from training.emoji.concepts import Concept
from training.emoji.dataset import Dataset, fit_code, read_dataset
from training.emoji.dictionary import Dictionary
from training.emoji.linear_code import LinearCode
from training.emoji.recolour import COLOURS
from training.emoji.text_encoder import borrowed_rows, token_table
from training.emoji.tokenizer import read_tokenizer, train_tokenizer, write_borrowed
from training.emoji.words import Meanings

_ROWS = 8_600
"""Of the text encoder's table, with the borrowed words: what half-precision weights of 25 MB have room for."""
_TENSORS, _LISTS = "prepared.safetensors", "prepared.json"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What training reads.

    Attributes:
        concepts: What can be drawn.
        phrases: What each is called.
        dataset: The pictures.
        code: The code of the latents.
        latents: [pictures, 12, 16, 16].
        table: [tokens, width], of the text encoder.
        tokenizer: The tokenizer's folder.
        borrowed: Words that are not taught, and what they stand for.
    """

    concepts: list[Concept]
    phrases: list[Phrases]
    dataset: Dataset
    code: LinearCode
    latents: Tensor
    table: Tensor
    tokenizer: Path
    borrowed: list[Borrowed]


def is_prepared(folder: Path) -> bool:
    """Whether `prepare` has been there and come to its end."""
    return (folder / _LISTS).exists()


def prepare(
    folder: Path, concepts: list[Concept], *, drawings: Path, meanings: Meanings, dictionary: Dictionary
) -> None:
    """Compute and write it.

    Args:
        folder: Where to.
        concepts: What can be drawn.
        drawings: The folder of Fluent emoji.
        meanings: Of words.
        dictionary: Of words that are not taught.
    """
    dataset = read_dataset(concepts, drawings)
    phrases = collect(concepts, [len(rows) > 1 for rows in dataset.rows], meanings)
    taught = _taught(phrases)
    size = train_tokenizer(taught, folder / "tokenizer")
    write_borrowed([], folder / "tokenizer")
    table = token_table(folder / "tokenizer", meanings)
    tokenizer = read_tokenizer(folder / "tokenizer")
    # A piece of words that looks like a word cannot be added a second time.
    taken = {*taught, *tokenizer.get_vocab()}
    borrowed = borrow(concepts, dictionary, meanings, taught=taken, most=_ROWS - size)
    names = [concepts[one.concept].names[0] for one in borrowed]
    table = torch.cat([table, borrowed_rows(table, tokenizer, names)])
    write_borrowed([one.word for one in borrowed], folder / "tokenizer")
    code = fit_code(dataset)
    tensors = {
        "pictures": dataset.pictures,
        "mean": code.mean,
        "encoder": code.encoder,
        "decoder": code.decoder,
        "latents": dataset.latents(code),
        "table": table,
    }
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / _TENSORS)
    lists = {
        "concepts": [dataclasses.asdict(concept) for concept in concepts],
        "phrases": [dataclasses.asdict(one) for one in phrases],
        "concept": dataset.concept,
        "colour": dataset.colour,
        "rows": dataset.rows,
        "borrowed": [dataclasses.asdict(one) for one in borrowed],
    }
    (folder / _LISTS).write_text(json.dumps(lists, indent=1, ensure_ascii=False), encoding="utf-8")


def read_prepared(folder: Path) -> Prepared:
    """Read what `prepare` wrote."""
    tensors = load_file(folder / _TENSORS)
    lists = json.loads((folder / _LISTS).read_text(encoding="utf-8"))
    return Prepared(
        concepts=[Concept(**_tuples(row)) for row in lists["concepts"]],
        phrases=[Phrases(**_tuples(row)) for row in lists["phrases"]],
        dataset=Dataset(tensors["pictures"], lists["concept"], lists["colour"], lists["rows"]),
        code=LinearCode(tensors["mean"], tensors["encoder"], tensors["decoder"]),
        latents=tensors["latents"],
        table=tensors["table"],
        tokenizer=folder / "tokenizer",
        borrowed=[Borrowed(**row) for row in lists["borrowed"]],
    )


def _taught(phrases: list[Phrases]) -> list[str]:
    texts = [text for one in phrases for text in (*one.names, *one.tags, *one.neighbours)]
    texts += [template.replace("{bare}", "").replace("{}", "") for template in (*TEMPLATES, *HELD_OUT_TEMPLATES)]
    return sorted({word for text in (*texts, *COLOURS, ",") for word in text.lower().replace(",", " , ").split()})


def _tuples(row: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
