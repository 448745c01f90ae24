"""The moderation policy: a YAML file that says which routes are checked before and after, and what happens.

model: moderation                  # which model judges; left out: the first
routes:
  /v1/embeddings:
    input: flag                    # off, flag or block: for everything the model flags
  /v1/images/classifications:
    input:                         # or by category
      block: [sexual, sexual/minors]
      flag: all
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ekiben.cards.card import Card
from ekiben.cards.document import Document, Location, read_document
from ekiben.cards.moderation import Category
from ekiben.errors import CardError, ConfigurationError

Direction = Literal["input", "output"]
ALL: Final = "all"

# What is checked on which routes: a route that tells the gateway of its content (`Ask`) has its line here.
ROUTES: Final[Mapping[str, frozenset[Direction]]] = MappingProxyType(
    {
        "/v1/chat/completions": frozenset({"input", "output"}),
        "/v1/completions": frozenset({"input", "output"}),
        "/v1/embeddings": frozenset({"input"}),
        "/v1/images/classifications": frozenset({"input"}),
        "/v1/images/edits": frozenset({"input", "output"}),
        # On the WebSocket too.
        "/v1/images/generations": frozenset({"input", "output"}),
        "/v2": frozenset({"input"}),
    }
)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


Categories = Literal["all"] | Annotated[tuple[Category, ...], Field(min_length=1)]


class Rule(_Frozen):
    """What happens to flagged content: refused for the one, only noted for the other categories."""

    block: Categories = ()
    flag: Categories = ()

    @property
    def blocks(self) -> bool:
        """Whether anything is refused; what cannot be checked is refused then too."""
        return bool(self.block)

    def refused(self, flagged: Sequence[str]) -> list[str]:
        """The categories for which content is refused."""
        return [name for name in flagged if _holds(self.block, name)]

    def noted(self, flagged: Sequence[str]) -> list[str]:
        """The categories that are noted."""
        return [name for name in flagged if _holds(self.flag, name)]


def _word(value: object) -> object:
    """A single word for every category; YAML reads a plain `off` as false."""
    if value is False or value == "off":
        return {}
    return {value: ALL} if value in ("flag", "block") else value


RuleOrWord = Annotated[Rule, BeforeValidator(_word)]


class RoutePolicy(_Frozen):
    """One route's rules."""

    input: RuleOrWord = Rule()
    output: RuleOrWord = Rule()


class ModerationPolicy(_Frozen):
    """See the module."""

    model: str | None = None
    routes: dict[str, RoutePolicy]

    def rule(self, route: str, direction: Direction) -> Rule | None:
        """What is done there; None where nothing is."""
        policy = self.routes.get("/v2" if route.startswith("/v2/") else route)
        if policy is None:
            return None
        rule = policy.input if direction == "input" else policy.output
        return rule if rule.block or rule.flag else None


def load_policy(path: Path | None, cards: Iterable[Card]) -> ModerationPolicy | None:
    """Read and check the file; the policy's `model` is then the one that judges.

    Args:
        path: None: there is no policy.
        cards: The served models.

    Raises:
        ConfigurationError: With file, line and reason of the first fault.
    """
    if path is None:
        return None
    models = {card.name: card.moderation.categories for card in cards if card.moderation}
    try:
        document = read_document(path)
        policy = _validated(document)
        model = _chosen(document, policy.model, models)
        _check(document, policy, models[model])
    except CardError as error:
        raise ConfigurationError(error.message) from None
    return policy.model_copy(update={"model": model})


def _validated(document: Document) -> ModerationPolicy:
    try:
        # JSON mode would refuse nothing more; lists stand for tuples there alone.
        return ModerationPolicy.model_validate(_tuples(document.values))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[0]
        location: Location = tuple(part for part in found["loc"] if not str(part).startswith(("literal", "tuple")))
        unknown = found["type"] == "extra_forbidden"
        raise document.fault(location, "unknown key" if unknown else found["msg"]) from None


def _tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tuples(each) for key, each in value.items()}
    return tuple(value) if isinstance(value, list) else value


def _chosen(document: Document, name: str | None, models: Mapping[str, Collection[str]]) -> str:
    """The named model or the first."""
    chosen = next((each for each in models if name in (None, each)), None)
    if chosen is None:
        there = ", ".join(models) or "none"
        raise document.fault(("model",), f"no such moderation model is served; there are: {there}")
    return chosen


def _check(document: Document, policy: ModerationPolicy, categories: Collection[str]) -> None:
    """What the file cannot know: the routes there are, what they carry, the model's categories."""
    for route, found in policy.routes.items():
        if route not in ROUTES:
            raise document.fault(("routes", route), f"is not checked; routes that are: {', '.join(ROUTES)}")
        for direction in sorted(found.model_fields_set):
            if direction not in ROUTES[route]:
                raise document.fault(("routes", route, direction), f"{route} has no {direction} to check")
            _check_rule(document, ("routes", route, direction), getattr(found, direction), categories)


def _check_rule(document: Document, where: Location, rule: Rule, known: Collection[str]) -> None:
    for name, categories in (("block", rule.block), ("flag", rule.flag)):
        for category in () if categories == ALL else categories:
            if category not in known:
                raise document.fault((*where, name), f"{category!r} is no category of the model: {', '.join(known)}")


def _holds(categories: Categories, name: str) -> bool:
    return categories == ALL or name in categories
