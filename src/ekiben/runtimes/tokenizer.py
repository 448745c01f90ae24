"""Opening a tokenizers file."""

from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer

from ekiben.errors import WeightsError


def load_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer, without its own padding and cutting.

    Batches are padded to their longest by the runtime, and too long a text is refused, not cut.

    Raises:
        WeightsError: The file is missing or no tokenizer.
    """
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # The library raises bare Exception for a missing or broken file.
        raise WeightsError(f"{path.name}: not a tokenizer: {error}") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
