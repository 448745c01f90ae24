"""Structured logs: JSON lines for machines, a readable form on a terminal.

    log = structlog.get_logger("ekiben.gateway")
    with bind_request(request_id="req-1", model="minilm"):
        log.info("request served", batch_items=4, queue_wait_ms=1.5, duration_ms=12.0)

    {"time":"2025-01-31T12:00:00.123456Z","level":"info","event":"request served","logger":"ekiben.gateway",
     "request_id":"req-1","model":"minilm","batch_items":4,"queue_wait_ms":1.5,"duration_ms":12.0}

Entries of the standard library's loggers (uvicorn, BentoML) take the same way, so that redaction holds for
them too; start uvicorn with `log_config=None`, or it puts its own handlers back.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, TextIO, cast

import orjson
import structlog
from structlog.contextvars import bound_contextvars

from ekiben.telemetry.redaction import Redaction, scrub

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from structlog.typing import EventDict, Processor, WrappedLogger

_FIRST = ("time", "level", "event", "logger", "request_id", "model")
_TRACES = ("exception", "stack")
_TRACEBACK_CHARACTERS = 10_000
_HANDLER_NAME = "ekiben"
# Libraries that bring handlers of their own; theirs would write past the redaction.
_FOREIGN = ("uvicorn", "bentoml", "circus")
# Libraries that tell of every request, or of every caller's mistake, which the access log has already.
_TALKATIVE = {"httpx": logging.WARNING, "httpcore": logging.WARNING, "python_multipart": logging.ERROR}


def configure_logging(
    format: Literal["auto", "json", "console"],  # noqa: A002 - the setting's name
    level: str,
    stream: TextIO,
    *,
    log_content: bool = False,
) -> None:
    """Send all logs of this process to `stream`; calling it again replaces the earlier configuration.

    Args:
        format: `auto` is `console` where `stream` is a terminal, else `json`.
        level: Least severe level that is written: debug, info, warning or error.
        stream: Usually standard error.
        log_content: Show prompts and inputs. Keys and tokens never are.
    """
    terminal = stream.isatty()
    readable = format == "console" or (format == "auto" and terminal)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _redact(Redaction(log_content=log_content)),
            *(_console(colors=terminal) if readable else [_json]),
        ],
    )
    _install(formatter, level, stream)


def bind_request(**fields: object) -> AbstractContextManager[None]:
    """Add `fields` (`request_id`, `model`, …) to each entry of the current task, inside of a `with` block."""
    return cast("AbstractContextManager[None]", bound_contextvars(**fields))


class _Handler(logging.StreamHandler[TextIO]):
    """Writes entries; one that cannot be written is not shown raw, as the standard library would."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - overrides
        fault = {"level": "error", "event": "a log entry could not be written", "logger": record.name}
        with suppress(OSError, ValueError):  # the stream itself may be gone
            self.stream.write(orjson.dumps(fault).decode() + self.terminator)


def _install(formatter: logging.Formatter, level: str, stream: TextIO) -> None:
    handler = _Handler(stream)
    handler.name = _HANDLER_NAME
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    for name, least in _TALKATIVE.items():
        logging.getLogger(name).setLevel(max(least, root.level))
    for logger in _foreign_loggers():
        logger.handlers.clear()
        logger.propagate = True


def _foreign_loggers() -> Iterable[logging.Logger]:
    names = [*_FOREIGN, *(name for name in logging.root.manager.loggerDict if name.split(".")[0] in _FOREIGN)]
    return map(logging.getLogger, names)


def _redact(redaction: Redaction) -> Processor:
    def process(_logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
        cleaned: EventDict = redaction.mapping(cast("Any", entry))
        for name in _TRACES:
            if isinstance(entry.get(name), str):
                # Scrubbed whole: a cut could part a secret from the mark that shows what it is.
                cleaned[name] = scrub(entry[name])[-_TRACEBACK_CHARACTERS:]
        return cleaned

    return process


def _json(_logger: WrappedLogger, _method: str, entry: EventDict) -> str:
    first = {name: entry[name] for name in _FIRST if name in entry}
    return orjson.dumps({**first, **entry}).decode()


def _console(*, colors: bool) -> list[Processor]:
    return [_one_line_each, structlog.dev.ConsoleRenderer(colors=colors, timestamp_key="time")]


def _one_line_each(_logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
    """Escape newlines, also inside lists and objects; a traceback keeps its own, each marked by an indent."""
    readable: EventDict = {}
    for name, value in entry.items():
        if name in _TRACES and isinstance(value, str):
            readable[name] = "\n".join("    | " + line for line in value.splitlines())
        else:
            readable[_escaped(name)] = _escaped(value) if isinstance(value, str) else value
    return readable


def _escaped(value: str) -> str:
    return value.replace("\n", "\\n").replace("\t", "\\t")
