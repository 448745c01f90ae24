from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ekiben.cards.catalogue import load_catalogue
from ekiben.deploy.bentofile import Bentofile
from ekiben.deploy.example import read_examples
from ekiben.deploy.trial import Trial, try_bento
from ekiben.errors import BuildError
from tests.unit.deploy.conftest import write_files

if TYPE_CHECKING:
    from pathlib import Path

    from ekiben.deploy.bento import Bento

# Stands where the command would be: a server of two routes that ends on SIGTERM with a status of its choice.
_SERVER = """\
import os, signal, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def do_POST(self):
        self.send_response(ANSWER)
        self.end_headers()
        self.wfile.write(b"an embedding")

def main():
    assert sys.argv[1:] == ["serve"] and os.environ["EKIBEN_ONLY"] == "toy"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(STATUS))
    HTTPServer(("127.0.0.1", int(os.environ["EKIBEN_PORT"])), Answer).serve_forever()
"""


def serves(bento: Bento, entry: str) -> None:
    """Give the Bento a command of its own."""
    write_files(bento.source, {"ekiben/__init__.py": "", "ekiben/cli/__init__.py": "", "ekiben/cli/entry.py": entry})


def attempt(bento: Bento, bentofile: Bentofile, scratch: Path) -> None:
    (card,) = load_catalogue(bentofile.project / "models").served
    try_bento(bento, Trial([card.name], read_examples(bentofile, [card]), bentofile.project), scratch)


def test_a_bento_that_starts_answers_and_ends(bento: Bento, bentofile: Bentofile, tmp_path: Path) -> None:
    serves(bento, _SERVER.replace("ANSWER", "200").replace("STATUS", "0"))
    attempt(bento, bentofile, tmp_path)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("def main():\n    raise SystemExit('no model')\n", "does not start\nno model"),
        (_SERVER.replace("ANSWER", "500").replace("STATUS", "0"), "answered 500: an embedding"),
        (_SERVER.replace("ANSWER", "200").replace("STATUS", "3"), "ended with status 3"),
    ],
)
def test_every_other_one_is_refused(bento: Bento, bentofile: Bentofile, tmp_path: Path, entry: str, words: str) -> None:
    serves(bento, entry)
    with pytest.raises(BuildError, match=words):
        attempt(bento, bentofile, tmp_path)
