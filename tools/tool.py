"""A tool: one named operation with a closed schema, the same for assistants, agents and people."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from policies.actions.action import Effect
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import LocationId
from tools.proposal import Origin


class Arguments(BaseModel):
    """What a tool is called with: strict and closed, so that a misspelt argument is an error, not a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def location(self) -> LocationId | None:
        """The place the call is about; `None` for the whole chain. Access rules look at it."""
        return None


class Answer(BaseModel):
    """What a tool answers: closed, JSON, without personal data the caller's role may not see."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls, and the story the call belongs to."""

    actor: Actor
    origin: Origin


@dataclass(frozen=True, slots=True)
class Tool:
    """One operation.

    Attributes:
        name: Also the Cedar action that access rules name.
        effect: What it may cause; MCP annotations follow from it.
        run: Called by the guard only, after access was allowed and the arguments were read.
        toolset: Which of `policies.vocabulary.actor.TOOLSETS` it belongs to.
        listed: False when it is only read at an address: a model is not handed it on every turn, and cannot call it.
    """

    name: str
    title: str
    description: str
    effect: Effect
    arguments: type[Arguments]
    answer: type[Answer]
    run: Callable[[Call, Any], Awaitable[Answer]]
    toolset: str = field(kw_only=True)
    listed: bool = field(default=True, kw_only=True)

    def takes(self) -> dict[str, Any]:
        """The JSON Schema of its arguments; everybody's, so nobody changes it."""
        return _schema(self.arguments, "validation")

    def gives(self) -> dict[str, Any]:
        """The JSON Schema of its answer; everybody's, so nobody changes it."""
        return _schema(self.answer, "serialization")


@lru_cache(maxsize=512)  # to make one takes milliseconds, and a shape never changes
def _schema(shape: type[BaseModel], mode: Literal["validation", "serialization"]) -> dict[str, Any]:
    return shape.model_json_schema(mode=mode)
