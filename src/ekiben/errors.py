"""Every error Ekiben reports, as one small tree.

A class carries what a caller needs to act: the stable `code`, the HTTP `status`, OpenAI's `type` word and whether
trying again can help. Servers turn an error into a response with `payload`; clients turn it back with `from_payload`,
so the same class is raised on both sides of the wire.

    EkibenError
    ├── InvalidRequest 400          wrong value, wrong shape, wrong type; `param` names the field
    │   ├── ContextLengthExceeded   prompt and answer do not fit the model's context
    │   ├── PayloadTooLarge 413     body, picture or list beyond its limit
    │   ├── UnsupportedMedia 415    not a format we read
    │   ├── CheckpointRefused       a checkpoint of another format or model, or a damaged one
    │   └── ContentBlocked          the moderation policy refuses it; the message names the categories
    ├── Unauthenticated 401         no key, or one we do not know
    ├── PermissionDenied 403        a known key that may not do this
    ├── NotFound 404                no such route or thing
    │   ├── ModelNotFound 404       no such model
    │   └── JobNotFound             no such job, or another caller's
    ├── Gone 410                    it was there; its time is over, or it was erased
    ├── MethodNotAllowed 405
    ├── Conflict 409                not as things are
    │   ├── IdempotencyConflict     the idempotency key belongs to another body
    │   ├── JobStateConflict        the job's state does not allow it
    │   └── LeaseLost               the job was taken from this worker; nothing of it is published
    ├── Overloaded 429              come back after `retry_after_s`
    │   ├── QueueFull               the model's queue is at its bound
    │   └── DeadlineUnreachable     the request's own deadline cannot be met
    ├── Internal 500                our fault; the log has the story under the request id
    ├── Unavailable 503             draining, or no worker is there
    │   ├── ShuttingDown            this server takes nothing more; another one will
    │   ├── WorkerLost              the worker died while it had the request
    │   ├── ModelUnloaded           the model was unloaded by its operator
    │   ├── DeviceOutOfMemory       one item alone does not fit the device
    │   ├── QueueUnavailable        the store of jobs cannot be reached
    │   └── QueueNotDurable         the store of jobs may lose them, so that none is accepted
    ├── DeadlineExceeded 504        the deadline passed
    └── OperatorError               raised by commands, never by requests: one clear line, exit status 1
        ├── CardError               a model card is wrong: file, line, reason
        ├── WeightsError            weights cannot be fetched, verified or stored
        ├── BuildError              a Bento or an image cannot be made, or is not what it should be
        └── ConfigurationError      a setting is wrong or unsafe
"""

from __future__ import annotations

from typing import Any, ClassVar

_MAX_MESSAGE_CHARACTERS = 2_000


class EkibenError(Exception):
    """Base of the tree; `message` is written for the person who made the request.

    Args:
        message: What is wrong, which limit it broke and what to do.
        param: The request field at fault, as the caller spelled it.
        retry_after_s: Seconds after which trying again makes sense.
        request_id: Set by clients, so that a report can be matched with the server's log.
    """

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    type: ClassVar[str] = "server_error"
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        retry_after_s: float | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.retry_after_s = retry_after_s
        self.request_id = request_id

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.message,), self.__dict__)

    def payload(self, request_id: str | None = None) -> dict[str, Any]:
        """The JSON body of this error: OpenAI's shape plus `request_id`."""
        return {
            "error": {
                "message": self.message[:_MAX_MESSAGE_CHARACTERS],
                "type": self.type,
                "code": self.code,
                "param": self.param,
            },
            "request_id": request_id or self.request_id,
        }


class InvalidRequest(EkibenError):
    """A value, shape or type that the route does not take."""

    code, status, type = "invalid_value", 400, "invalid_request_error"


class ContextLengthExceeded(InvalidRequest):
    """Prompt and answer together have more tokens than the model's context."""

    code = "context_length_exceeded"


class PayloadTooLarge(InvalidRequest):
    """A body, picture, text or list beyond its limit."""

    code, status = "payload_too_large", 413


class UnsupportedMedia(InvalidRequest):
    """Bytes in a format that is not read here."""

    code, status = "unsupported_media_type", 415


class CheckpointRefused(InvalidRequest):
    """A checkpoint that this model cannot continue from: another format or version, damaged, or not one at all."""

    code = "checkpoint_refused"


class ContentBlocked(InvalidRequest):
    """Content that the server's moderation policy refuses."""

    code = "content_blocked"


class Unauthenticated(EkibenError):
    """No key, or one that is not known."""

    code, status, type = "invalid_api_key", 401, "authentication_error"


class PermissionDenied(EkibenError):
    """A known key that may not do this."""

    code, status, type = "permission_denied", 403, "permission_error"


class NotFound(EkibenError):
    """No such route or thing."""

    code, status, type = "not_found", 404, "invalid_request_error"


class ModelNotFound(NotFound):
    """No model of that name is served here."""

    code = "model_not_found"


class JobNotFound(NotFound):
    """No job of that id that this caller may see."""

    code = "job_not_found"


class Gone(EkibenError):
    """What was there is not any more: its time is over, or it was erased."""

    code, status, type = "gone", 410, "invalid_request_error"


class MethodNotAllowed(EkibenError):
    """The route exists, the method does not."""

    code, status, type = "method_not_allowed", 405, "invalid_request_error"


class Conflict(EkibenError):
    """What is asked for cannot be done as things are now."""

    code, status, type = "conflict", 409, "invalid_request_error"


class IdempotencyConflict(Conflict):
    """The idempotency key was used before, with another body."""

    code = "idempotency_conflict"


class JobStateConflict(Conflict):
    """The job's state does not allow it: retrying a running job, cancelling one that ended."""

    code = "job_state_conflict"


class LeaseLost(Conflict):
    """The job is no longer this worker's: its lease ran out, or the job ended or was erased."""

    code = "lease_lost"


class Overloaded(EkibenError):
    """More work than can be taken now; `retry_after_s` says when to come back."""

    code, status, type, retryable = "overloaded", 429, "rate_limit_error", True


class QueueFull(Overloaded):
    """The model's bounded queue has no room."""

    code = "queue_full"


class DeadlineUnreachable(Overloaded):
    """The work ahead takes longer than the request's deadline allows, so it was not started."""

    code = "deadline_unreachable"


class Internal(EkibenError):
    """A defect on our side."""


class Unavailable(EkibenError):
    """Nothing can take the request now."""

    code, status, retryable = "unavailable", 503, True


class ShuttingDown(Unavailable):
    """The server takes nothing more and finishes what it has."""

    code = "shutting_down"


class WorkerLost(Unavailable):
    """The worker that had the request is gone."""

    code = "worker_lost"


class ModelUnloaded(Unavailable):
    """The model's operator unloaded it; trying again does not help until it is loaded."""

    code, retryable = "model_unloaded", False


class DeviceOutOfMemory(Unavailable):
    """One item alone needs more device memory than there is."""

    code, retryable = "out_of_memory", False


class QueueUnavailable(Unavailable):
    """The store of jobs cannot be reached now."""

    code = "queue_unavailable"


class QueueNotDurable(Unavailable):
    """The store of jobs would not survive a crash or a power loss; trying again does not help until it does."""

    code, retryable = "queue_not_durable", False


class DeadlineExceeded(EkibenError):
    """The request's deadline passed."""

    code, status, type, retryable = "deadline_exceeded", 504, "timeout_error", True


class OperatorError(EkibenError):
    """Wrong set-up, told to the person at the terminal."""

    code = "operator_error"


class CardError(OperatorError):
    """A model card that cannot be used."""

    code = "bad_card"


class WeightsError(OperatorError):
    """Weights that cannot be fetched, verified or stored."""

    code = "bad_weights"


class BuildError(OperatorError):
    """A Bento or an image that cannot be made, or is not what it should be."""

    code = "bad_build"


class ConfigurationError(OperatorError):
    """A setting that is wrong or unsafe."""

    code = "bad_configuration"


def _tree(root: type[EkibenError]) -> list[type[EkibenError]]:
    return [root, *(found for child in root.__subclasses__() for found in _tree(child))]


def from_payload(
    status: int, payload: object, *, request_id: str | None = None, retry_after_s: float | None = None
) -> EkibenError:
    """Rebuild the error that a response body describes.

    The class is chosen by `code`, then by the nearest class of the same status, so that a newer server's codes and
    a proxy's bare 502 still raise something specific.
    """
    body = payload.get("error") if isinstance(payload, dict) else None
    body = body if isinstance(body, dict) else {}
    # Without the root, which shares code and status with Internal and says less.
    classes = [kind for kind in _tree(EkibenError)[1:] if not issubclass(kind, OperatorError)]
    by_code = next((kind for kind in reversed(classes) if kind.code == body.get("code")), None)
    by_status = next((kind for kind in classes if kind.status == status), None)
    fallback = Unavailable if status in (502, 503) else InvalidRequest if status < 500 else Internal
    chosen = by_code or by_status or fallback
    if isinstance(payload, dict):
        request_id = payload.get("request_id") or request_id
    return chosen(
        str(body.get("message") or f"HTTP status {status}"),
        param=body.get("param"),
        retry_after_s=retry_after_s,
        request_id=request_id,
    )
