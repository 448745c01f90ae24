from __future__ import annotations

import torch

from training.emoji.prepared import Prepared
from training.emoji.text_encoder import WIDTH, Blur, make_text_encoder
from training.emoji.tokenizer import LENGTH, read_tokenizer


def _likeness(prepared: Prepared, first: str, second: str) -> float:
    tokenizer = read_tokenizer(prepared.tokenizer)
    rows = prepared.table[tokenizer.convert_tokens_to_ids([first, second])]
    return float(torch.nn.functional.cosine_similarity(rows[0], rows[1], dim=0))


def test_borrowed_words_are_in_the_table_as_what_they_mean(prepared: Prepared) -> None:
    assert prepared.table.shape == (len(read_tokenizer(prepared.tokenizer)), WIDTH)
    assert _likeness(prepared, "apple</w>", "pippin") > 0.99
    assert _likeness(prepared, "car</w>", "wagon") > 0.99
    assert abs(_likeness(prepared, "apple</w>", "car</w>")) < 0.4


def test_the_table_is_not_trained(prepared: Prepared) -> None:
    encoder = make_text_encoder(prepared.table, 1, 2)
    frozen = [name for name, parameter in encoder.named_parameters() if not parameter.requires_grad]
    assert len(frozen) == 1
    assert "token_embedding" in frozen[0]


def test_words_are_displaced_only_where_it_is_asked_for(prepared: Prepared) -> None:
    encoder = make_text_encoder(prepared.table, 1, 2).eval()
    blur = Blur(encoder)
    tokens = torch.ones(1, LENGTH, dtype=torch.long)
    with torch.inference_mode():
        plain = encoder(tokens).last_hidden_state
        blur.use(torch.ones(1, LENGTH, WIDTH))
        displaced = encoder(tokens).last_hidden_state
        blur.use(None)
        assert torch.equal(encoder(tokens).last_hidden_state, plain)
    assert not torch.allclose(displaced, plain)
