"""Applies the moderation policy: before the model and after it, content is let through, noted or refused."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import structlog

from ekiben.cards.card import Card
from ekiben.errors import ContentBlocked, DeadlineExceeded, EkibenError, InvalidRequest, Unavailable
from ekiben.gateway.call import Call
from ekiben.gateway.content import LazyContent
from ekiben.gateway.fleet import Fleet
from ekiben.gateway.judge import Finding, Judge
from ekiben.gateway.metrics import GatewayMetrics
from ekiben.policy.moderation import Direction, ModerationPolicy, Rule, load_policy

_log = structlog.get_logger("ekiben.gateway")

# In the response's header, where content should have been checked and could not be.
UNCHECKED = "unchecked"


class Moderator:
    """See the module.

    Args:
        policy: None: nothing is checked.
        judge: The policy's model; None without a policy.
        metrics: Counts checks.
    """

    def __init__(self, policy: ModerationPolicy | None, judge: Judge | None, metrics: GatewayMetrics) -> None:
        self._policy, self._judge, self._metrics = policy, judge, metrics

    def rule(self, call: Call, direction: Direction) -> Rule | None:
        """What is done on the call's route; None where nothing is."""
        return self._policy.rule(call.route, direction) if self._policy else None

    async def check(self, call: Call, direction: Direction, content: LazyContent) -> None:
        """Let content pass, or note on the call what it is flagged for.

        Raises:
            ContentBlocked: The policy refuses it; `param` names the field, the message the categories.
            Unavailable: The policy may refuse it, and the model that would say so cannot be asked.
            InvalidRequest: It cannot be read, so that nobody can say what it is.
            DeadlineExceeded: The request's time is over.
        """
        rule = self.rule(call, direction)
        if rule is None or self._judge is None:
            return
        started = time.monotonic()
        try:
            found = await self._judge.judge(call, content())
        except EkibenError as error:
            self._without_verdict(call, direction, rule, error)
        else:
            self._act(call, direction, rule, found)
        finally:
            call.stages["moderation"] = call.stages.get("moderation", 0.0) + time.monotonic() - started

    def _act(self, call: Call, direction: Direction, rule: Rule, found: list[Finding]) -> None:
        for finding in found:
            if refused := rule.refused(finding.categories):
                self._note(call, direction, "blocked", refused)
                what = finding.param or f"the {direction}"
                raise ContentBlocked(f"{what} is refused by policy: {', '.join(refused)}.", param=finding.param)
        noted = sorted({name for finding in found for name in rule.noted(finding.categories)})
        call.flags += [name for name in noted if name not in call.flags]
        if noted:
            self._note(call, direction, "flagged", noted)
        else:
            self._count(call, direction, "passed", "")

    def _without_verdict(self, call: Call, direction: Direction, rule: Rule, error: EkibenError) -> None:
        """Closed where the policy may refuse, open where it only notes."""
        self._note(call, direction, "unavailable", [""])
        if not rule.blocks:
            call.flags.append(UNCHECKED)
        elif isinstance(error, InvalidRequest | DeadlineExceeded):
            raise error
        else:
            _log.warning("content could not be checked", request_id=call.request_id, reason=error.message)
            raise Unavailable("the check that this route needs cannot be made now.", retry_after_s=1) from error

    def _note(self, call: Call, direction: Direction, outcome: str, categories: Iterable[str]) -> None:
        """For the access log and the metrics; each once for a call and direction."""
        notes = call.notes.setdefault("moderation", [])
        assert isinstance(notes, list)  # noqa: S101 - set here alone
        for category in categories:
            note = f"{direction} {outcome} {category}".rstrip()
            if note in notes:  # Of a text that is judged piece by piece, with what came before.
                continue
            notes.append(note)
            self._count(call, direction, outcome, category)

    def _count(self, call: Call, direction: Direction, outcome: str, category: str) -> None:
        self._metrics.moderation.labels(call.route, direction, outcome, category).inc()


def build_moderator(path: Path | None, cards: Mapping[str, Card], fleet: Fleet, metrics: GatewayMetrics) -> Moderator:
    """The moderator of a policy file, or one that checks nothing.

    Raises:
        ConfigurationError: The file is wrong, or the model that it needs is not served.
    """
    policy = load_policy(path, cards.values())
    judge = Judge(cards[policy.model], fleet) if policy and policy.model else None
    return Moderator(policy, judge, metrics)
