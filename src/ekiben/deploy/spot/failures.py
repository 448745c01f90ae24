"""What AWS says when it refuses, told so that an operator knows what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from ekiben.deploy.spot.quotas import quota_message
from ekiben.errors import OperatorError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_DENIED: Final = {
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "AuthorizationError",
    "Forbidden",
    "403",
}
_EXPIRED: Final = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_UNKNOWN: Final = {
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "AuthFailure",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
}
_NO_CAPACITY: Final = {"InsufficientInstanceCapacity", "InsufficientHostCapacity", "SpotMaxPriceTooLow"}
_NAMED: Final = re.compile(r"not authorized to perform: (?P<action>[\w-]+:\w+)(?: on resource: (?P<resource>\S+))?")
_ADVICE: Final = "; `ekiben spot plan --policy` prints an IAM policy with all that a deployment takes"
ACTION: Final = "EkibenAction"
"""Where `note_action` leaves the right that a call needs, in the parsed response."""


class MissingRight(OperatorError):
    """AWS refuses an action.

    Args:
        action: Such as `ec2:CreateVpc`.
        resource: What it was refused on; empty where AWS does not say.
    """

    def __init__(self, action: str, resource: str = "") -> None:
        # The policy is a deployment's, which asks for no prices.
        advice = "" if action.startswith("pricing:") else _ADVICE
        super().__init__(f"these credentials lack the right {action}{f' on {resource}' if resource else ''}{advice}")
        self.action = action


@contextmanager
def told() -> Iterator[None]:
    """Turn boto3's errors into ours.

    Raises:
        OperatorError: In place of boto3's; MissingRight names the right.
    """
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        NoCredentialsError,
        PartialCredentialsError,
        TokenRetrievalError,
    )

    try:
        yield
    except ClientError as error:
        raise _refusal(error) from error
    except (NoCredentialsError, PartialCredentialsError):
        raise OperatorError(
            "no AWS credentials were found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run"
            " `aws configure`"
        ) from None
    except TokenRetrievalError as error:
        raise OperatorError(f"the session has ended ({error}); `aws sso login` begins another") from None
    except BotoCoreError as error:
        raise OperatorError(f"AWS cannot be asked: {error}") from error


def note_action(parsed: dict[str, Any], action: str) -> None:
    """Leave the right in a parsed response, whose error does not always name it."""
    parsed[ACTION] = action


def _refusal(error: ClientError) -> OperatorError:
    code, message = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
    action = str(error.response.get(ACTION, error.operation_name))
    if code in _DENIED:
        named = _NAMED.search(message)
        return MissingRight(named["action"], named["resource"] or "") if named else MissingRight(action)
    if code in _EXPIRED:
        return OperatorError("the AWS credentials have expired: log in again (`aws sso login`), or set new ones")
    if code in _UNKNOWN:
        return OperatorError(f"AWS does not know these credentials ({code}): check AWS_PROFILE or the keys in use")
    if code in _NO_CAPACITY:
        return OperatorError(
            f"AWS has no capacity now ({code}): {message} More instance types and zones in the configuration help; the"
            " group keeps trying"
        )
    return OperatorError(quota_message(code, message) or f"AWS refuses {action} ({code}): {message}")
