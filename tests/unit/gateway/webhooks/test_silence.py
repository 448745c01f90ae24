"""Receivers that do not answer keep nobody else waiting."""

from __future__ import annotations

from ekiben.gateway.webhooks.silence import Silence

_URL = "https://hooks.example/a"


def test_a_host_that_left_one_without_an_answer_is_spared_for_a_minute() -> None:
    now = 100.0
    silence = Silence(lambda: now)
    silence.heard(_URL, is_silent=True)
    assert silence.left_s("https://hooks.example/b") == 60
    assert silence.left_s("https://other.example/a") == 0
    now = 161.0
    assert silence.left_s(_URL) == 0


def test_one_that_answers_again_is_not() -> None:
    silence = Silence(lambda: 100.0)
    silence.heard(_URL, is_silent=True)
    silence.heard(_URL, is_silent=False)
    assert silence.left_s(_URL) == 0
