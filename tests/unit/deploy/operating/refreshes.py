"""Instance refreshes, which moto does not have: as AWS documents them, at the level of botocore's calls."""

from __future__ import annotations

from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders


class Refreshes:
    """Of one group; a refresh goes through the given states, one each time it is asked for."""

    def __init__(self, client: Any, *states: tuple[str, int, str]) -> None:
        self.started: list[dict[str, Any]] = []
        self.rolled_back = 0
        self._states = list(states)
        for name, answer in (
            ("StartInstanceRefresh", self._start),
            ("RollbackInstanceRefresh", self._roll_back),
            ("DescribeInstanceRefreshes", self._describe),
        ):
            client.meta.events.register(f"provide-client-params.auto-scaling.{name}", self._note)
            client.meta.events.register(f"before-call.auto-scaling.{name}", answer)
        self._asked: dict[str, Any] = {}

    def _note(self, params: dict[str, Any], **_: Any) -> None:
        self._asked = params

    def _start(self, **_: Any) -> tuple[Any, dict[str, Any]]:
        if self.started and self._states and self._states[0][0] == "InProgress":
            error: Any = {"Error": {"Code": "InstanceRefreshInProgress", "Message": "in progress"}}
            return AWSResponse("", 400, HTTPHeaders(), None), error
        self.started.append(self._asked)
        return _ok({"InstanceRefreshId": f"refresh-{len(self.started)}"})

    def _roll_back(self, **_: Any) -> tuple[Any, dict[str, Any]]:
        self.rolled_back += 1
        return _ok({"InstanceRefreshId": "refresh-back"})

    def _describe(self, **_: Any) -> tuple[Any, dict[str, Any]]:
        if not self._states:
            return _ok({"InstanceRefreshes": []})
        status, percent, reason = self._states[0]
        if len(self._states) > 1:
            self._states.pop(0)
        found = {
            "InstanceRefreshId": "refresh-1",
            "Status": status,
            "PercentageComplete": percent,
            "StatusReason": reason,
        }
        return _ok({"InstanceRefreshes": [found]})


def _ok(parsed: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    return AWSResponse("", 200, HTTPHeaders(), None), parsed
