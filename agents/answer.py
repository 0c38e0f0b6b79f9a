"""Answers of a model in a shape we gave it: repaired once by the model itself, then given up. Never patched by us.

A parser that completes cut-off JSON turns a 15 that lost its last digit into a real 1; this one refuses.
"""

import asyncio
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from agents.model import LEAST, ModelDoor
from agents.prompt import Prompt


class ModelAnswer(BaseModel):
    """A closed shape: unknown fields and near-miss types are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


A = TypeVar("A", bound=ModelAnswer)


async def ask(door: ModelDoor, prompt: Prompt, facts: str, shape: type[A], *, deadline: float) -> A | None:
    """A valid answer, or `None`.

    Args:
        door: To the model.
        prompt: The instructions.
        facts: What the instructions are applied to; data, scrubbed of personal data.
        shape: Of the answer.
        deadline: A moment of the running event loop's clock, in seconds; it holds for the repair too.
    """
    messages = [{"role": "system", "content": prompt.text}, {"role": "user", "content": facts}]
    schema = shape.model_json_schema()
    for attempt in range(2):
        text = await door.ask(messages, schema, deadline=deadline)
        if text is None:
            return None
        try:
            answer = shape.model_validate_json(text, strict=True)
        except ValidationError as error:
            door.failed("not in the shape asked for")
            if attempt or deadline - asyncio.get_running_loop().time() <= LEAST:
                return None
            faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['type']}" for one in error.errors()[:5])
            messages += [
                {"role": "assistant", "content": text[:2000]},
                {"role": "user", "content": f"That does not fit the schema ({faults}). Answer again, JSON only."},
            ]
        else:
            door.succeeded()
            return answer
    return None
