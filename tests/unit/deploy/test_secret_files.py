from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ekiben.deploy.secret_files import refuse_secrets
from ekiben.errors import BuildError
from ekiben.policy.key_record import create_key
from ekiben.policy.keys_file import write_keys
from tests.repo.paths import PROJECT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".env", ""),
        (".env.production", ""),
        ("server.pem", ""),
        ("id_rsa", ""),
        (".pypirc", ""),
        ("notes.txt", "-----BEGIN RSA PRIVATE" + " KEY-----\n"),
        ("notes.txt", "key: AKIA" + "ABCDEFGHIJKLMNOP"),
        ("notes.txt", "[default]\naws_secret_access_key = " + "wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY\n"),
        ("notes.txt", '"AWS_SECRET_ACCESS_KEY": "' + "a/+9" * 10 + '"'),
        ("notes.txt", "token hf_" + "a" * 34),
        ("notes.txt", "GITHUB_TOKEN=ghp_" + "aB3" * 12),
        ("notes.txt", "token: github_pat_" + "11ABCDEFG0" * 3),
        ("notes.txt", "OPENAI_API_KEY=sk-" + "aB3d" * 12),
        ("notes.txt", 'key="sk-proj-' + "aB-3_d" * 8 + '"'),
    ],
)
def test_what_looks_like_a_secret_is_named(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / name).write_text(text)
    with pytest.raises(BuildError, match=rf"deep/{name}"):
        refuse_secrets(tmp_path)


def test_a_file_of_our_own_keys_is_one_under_any_name(tmp_path: Path) -> None:
    _, record = create_key("ada", expires=None, roles=("user",), now=datetime.now(UTC))
    write_keys(tmp_path / "anything.txt", [record])
    with pytest.raises(BuildError, match=r"anything\.txt"):
        refuse_secrets(tmp_path)


def test_of_weights_only_the_names_are_looked_at(tmp_path: Path) -> None:
    weights = tmp_path / "bentoml"
    weights.mkdir()
    (weights / "vocabulary.json").write_text('["for", "ghp_' + "abcdefghijklmnopqrstuvwxyz" + '0123456789"]')
    refuse_secrets(tmp_path, weights)
    (weights / ".env").touch()
    with pytest.raises(BuildError, match=r"secret, which must not travel: bentoml/\.env;"):
        refuse_secrets(tmp_path, weights)


def test_a_key_of_our_own_is_one(tmp_path: Path) -> None:
    text, _ = create_key("ada", expires=None, roles=("user",), now=datetime.now(UTC))
    (tmp_path / "client.py").write_text(f'Client(api_key="{text}")\n')
    with pytest.raises(BuildError, match=r"client\.py"):
        refuse_secrets(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "aws_secret_access_key = settings.secret",
        "from sk-learn-contrib-and-other-long-names import it",
        "a task-oriented-and-risk-averse-person-of-the-north",
        "keys look like ek_<id>_<secret>, sk-… or ghp_…",
    ],
)
def test_words_about_keys_may_travel(tmp_path: Path, text: str) -> None:
    (tmp_path / "notes.txt").write_text(text)
    refuse_secrets(tmp_path)


@pytest.mark.parametrize("folder", ["src", "services", "models", "locks"])
def test_nothing_that_belongs_into_a_bento_looks_like_one(folder: str) -> None:
    refuse_secrets(PROJECT / folder)
