from __future__ import annotations

import io
import json
import logging
import re
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from ekiben.telemetry.logs import bind_request, configure_logging

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "ek_abcdefgh_" + "Zz9_-" * 8 + "Zz9"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def logged(log_content: bool = False, level: str = "debug", **fields: Any) -> dict[str, Any]:
    stream = io.StringIO()
    configure_logging("auto", level, stream, log_content=log_content)
    structlog.get_logger("ekiben.test").info("served", **fields)
    (line,) = stream.getvalue().splitlines()
    entry: dict[str, Any] = json.loads(line)
    return entry


def test_an_entry_is_one_json_line_that_starts_with_time_and_level() -> None:
    entry = logged(batch_items=4, queue_wait_ms=1.5, duration_ms=12.0)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", entry.pop("time"))
    assert list(entry)[:3] == ["level", "event", "logger"]
    assert entry == {
        "level": "info",
        "event": "served",
        "logger": "ekiben.test",
        "batch_items": 4,
        "queue_wait_ms": 1.5,
        "duration_ms": 12.0,
    }


def test_the_request_id_is_on_every_entry_of_its_block() -> None:
    stream = io.StringIO()
    configure_logging("json", "info", stream)
    log = structlog.get_logger("ekiben.test")
    with bind_request(request_id="req-1", model="minilm"):
        log.info("inside")
        logging.getLogger("uvicorn.error").warning("also %s", "inside")
    log.info("outside")
    first, second, third = map(json.loads, stream.getvalue().splitlines())
    assert (first["request_id"], first["model"]) == ("req-1", "minilm")
    assert (second["request_id"], second["event"], second["logger"]) == (
        "req-1",
        "also inside",
        "uvicorn.error",
    )
    assert "request_id" not in third


def test_libraries_handlers_are_taken_away() -> None:
    theirs = io.StringIO()
    for name in ("uvicorn", "uvicorn.access", "bentoml._internal"):
        logging.getLogger(name).addHandler(logging.StreamHandler(theirs))
        logging.getLogger(name).propagate = False
    ours = io.StringIO()
    configure_logging("json", "info", ours)
    for name in ("uvicorn", "uvicorn.access", "bentoml._internal"):
        logging.getLogger(name).error("key=%s", KEY)
    assert theirs.getvalue() == ""
    assert [json.loads(line)["event"] for line in ours.getvalue().splitlines()] == ["key=[redacted]"] * 3


@pytest.mark.parametrize("level", ["info", "warning", "error"])
def test_less_severe_entries_are_left_out(level: str) -> None:
    stream = io.StringIO()
    configure_logging("json", level, stream)
    for severity in ("debug", "info", "warning", "error"):
        getattr(structlog.get_logger("ekiben.test"), severity)(severity)
        getattr(logging.getLogger("other"), severity)(severity)
    seen = [json.loads(line)["event"] for line in stream.getvalue().splitlines()]
    order = ["info", "warning", "error"]
    assert seen == [word for word in order[order.index(level) :] for _ in range(2)]


@pytest.mark.parametrize("name", ["prompt", "input", "text", "content", "messages", "Negative-Prompt"])
def test_content_is_hidden_unless_asked_for(name: str) -> None:
    fields: dict[str, Any] = {name: "my dog", "nested": [{"deep": {name: "my dog"}}], "count": 1}
    assert "my dog" not in json.dumps(logged(**fields))
    assert logged(**fields)[name] == "[redacted, 6 characters]"
    assert logged(log_content=True, **fields)[name] == "my dog"


def test_counts_under_such_names_are_shown() -> None:
    assert logged(images=4, prompt=None)["images"] == 4


@pytest.mark.parametrize("log_content", [False, True])
@pytest.mark.parametrize(
    "name",
    ["authorization", "Authorization", "api_key", "x-api-key", "key", "token", "hf_token", "Set-Cookie"],
)
def test_secrets_are_hidden_always(name: str, log_content: bool) -> None:
    entry = logged(log_content, "info", **{name: "hunter2", "headers": {name: ["hunter2"]}})
    assert "hunter2" not in json.dumps(entry)
    assert entry[name] == "[redacted]"


@pytest.mark.parametrize("log_content", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        f"used {KEY} here",
        f"%20{KEY}",
        f"Bearer {KEY}",
        "Authorization: Bearer hunter2",
        "bearer hunter2",
        "'authorization': 'Basic hunter2'",
        'GET /v1?api_key=hunter2&x=1 "ok"',
        '{"password": "hunter2"}',
        "/files?token=hunter2",
    ],
)
def test_secrets_are_scrubbed_from_any_text(text: str, log_content: bool) -> None:
    entry = logged(log_content, note=text, listed=[text], named={text: 1})
    shown = json.dumps(entry)
    assert "hunter2" not in shown
    assert KEY[13:] not in shown
    assert "[redacted]" in entry["note"]


def test_secrets_in_tracebacks_are_scrubbed() -> None:
    stream = io.StringIO()
    configure_logging("json", "info", stream)
    try:
        raise ValueError(f"bad key {KEY} " + "x" * 20_000)
    except ValueError:
        structlog.get_logger("ekiben.test").exception("failed")
    entry = json.loads(stream.getvalue())
    assert KEY[13:40] not in stream.getvalue()
    assert len(entry["exception"]) == 10_000


INJECTION = "a\nlevel=error event=forged\r\x1b[31m\x9b2J\u2028b\u202ec\x00\x85"


@pytest.mark.parametrize("format_", ["json", "console"])
def test_user_text_cannot_forge_lines_or_drive_a_terminal(format_: Any) -> None:
    stream = io.StringIO()
    configure_logging(format_, "info", stream)
    log = structlog.get_logger("ekiben.test")
    log.info(INJECTION, model=INJECTION, listed=[INJECTION], nested={INJECTION: INJECTION})
    log.info("x", **{INJECTION: 1})
    logging.getLogger("uvicorn").info("GET %s", INJECTION)
    text = stream.getvalue()
    assert len(text.splitlines()) == 3
    assert all(character == "\n" or character.isprintable() for character in text)


def test_a_traceback_in_the_console_is_marked_line_by_line() -> None:
    stream = io.StringIO()
    configure_logging("console", "info", stream)
    try:
        raise ValueError("x\n2025-01-01T00:00:00Z [info] forged")
    except ValueError:
        structlog.get_logger("ekiben.test").exception("failed")
    first, *others = stream.getvalue().splitlines()
    assert "failed" in first
    assert all(line.startswith("    | ") for line in others if line)


def test_the_form_follows_the_stream() -> None:
    terminal = Terminal()
    configure_logging("auto", "info", terminal)
    structlog.get_logger("ekiben.test").info("served")
    assert "served" in terminal.getvalue()
    assert "{" not in terminal.getvalue()
    configure_logging("json", "info", terminal)
    structlog.get_logger("ekiben.test").info("again")
    assert json.loads(terminal.getvalue().splitlines()[-1])["event"] == "again"


def test_long_values_are_cut() -> None:
    deep: list[Any] = []
    for _ in range(2_000):
        deep = [deep]
    entry = logged(long="x" * 5_000, many=list(range(1_000)), deep=deep, wide={str(i): i for i in range(99)})
    assert entry["long"] == "x" * 2_000 + "… (3000 more characters)"
    assert entry["many"][-1] == "… 950 more"
    assert json.dumps(entry["deep"]).count("[") == 5
    assert entry["wide"]["…"] == "49 more"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
    max_leaves=8,
)


@given(st.text(), st.dictionaries(st.text(), ANYTHING, max_size=4))
def test_any_entry_is_one_line(event: str, fields: dict[str, Any]) -> None:
    own = ("event", "level", "_record", "_from_structlog", "exc_info", "stack_info", "positional_args", "self")
    fields = {name: value for name, value in fields.items() if name not in own}
    for form in ("json", "console"):
        stream = io.StringIO()
        configure_logging(form, "info", stream)
        structlog.get_logger("ekiben.test").info(event, **fields)
        (line,) = stream.getvalue().splitlines()
        assert "could not be written" not in line
        assert form == "console" or isinstance(json.loads(line), dict)


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_odd_values_do_not_cost_the_entry() -> None:
    entry = logged(
        broken=Broken(),
        surrogate="\ud800",
        raw=b"abc",
        big=2**200,
        minus=-(2**63),
        nan=float("nan"),
        kind=int,
    )
    assert entry["broken"] == "<Broken>"
    assert entry["surrogate"] == "\\ud800"
    assert entry["raw"] == "<3 bytes>"
    assert entry["big"] == "<integer of 201 bits>"
    assert entry["nan"] is None


def test_an_entry_that_fails_is_reported_without_its_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    configure_logging("json", "info", stream)
    logging.getLogger("other").info("%d", "hunter2")
    assert json.loads(stream.getvalue())["event"] == "a log entry could not be written"
    assert "hunter2" not in stream.getvalue() + capsys.readouterr().err
