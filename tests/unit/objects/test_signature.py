"""Signatures of names and times."""

from __future__ import annotations

from ekiben.objects.signature import Signer

SIGNER = Signer(b"a secret of thirty-two characters")


def test_only_what_was_signed_is_valid() -> None:
    signature = SIGNER.sign("a.png", 1_000)
    assert SIGNER.is_valid("a.png", 1_000, signature)
    assert not SIGNER.is_valid("b.png", 1_000, signature)
    assert not SIGNER.is_valid("a.png", 1_001, signature)
    assert not SIGNER.is_valid("a.png", 1_000, signature[:-1])
    assert not SIGNER.is_valid("a.png", 1_000, "\udc80")
    assert not Signer(b"another").is_valid("a.png", 1_000, signature)


def test_the_secret_is_not_shown() -> None:
    assert "secret" not in repr(SIGNER)
