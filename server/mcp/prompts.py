"""Prompts: the common jobs, each opened with what it needs, read on the caller's behalf."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    EmbeddedResource,
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    PaginatedRequestParams,
    Prompt,
    PromptArgument,
    PromptMessage,
)

from server.mcp.calls import Calls, Context
from server.mcp.pages import page
from server.mcp.resources import Resources

Embed = Callable[[str], Awaitable[EmbeddedResource]]
"""From an address to its content, as the caller may see it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One argument of a job; `completes` is the kind of name it is, "" when nobody lists them."""

    name: str
    description: str
    required: bool = True
    completes: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """One prompt.

    Attributes:
        tools: What the job is done with; hidden from whoever may not use all of them.
        open: The messages it begins with, from its arguments.
    """

    name: str
    title: str
    description: str
    tools: frozenset[str]
    open: Callable[[Embed, Mapping[str, str]], Awaitable[Sequence[PromptMessage]]]
    wanted: tuple[Wanted, ...] = ()

    def told(self) -> Prompt:
        """As `prompts/list` tells it."""
        return Prompt(
            name=self.name,
            title=self.title,
            description=self.description,
            arguments=[
                PromptArgument(name=each.name, description=each.description, required=each.required)
                for each in self.wanted
            ],
        )


class Prompts:
    """Lists and opens jobs; a caller sees those they may do."""

    def __init__(self, calls: Calls, resources: Resources, jobs: Sequence[Job]) -> None:
        self._calls = calls
        self._resources = resources
        self._jobs = jobs

    def seen(self, context: Context) -> list[Job]:
        """The jobs this caller may do."""
        names = {tool.name for tool in self._calls.visible(context)}
        return [job for job in self._jobs if job.tools <= names]

    async def list(self, context: Context, params: PaginatedRequestParams | None) -> ListPromptsResult:
        """The jobs this caller may do, page by page."""
        jobs, after = page(self.seen(context), params)
        return ListPromptsResult(prompts=[job.told() for job in jobs], next_cursor=after)

    async def get(self, context: Context, params: GetPromptRequestParams) -> GetPromptResult:
        """One job, opened.

        Raises:
            MCPError: There is none, or not for this caller: both read the same. Or its arguments are not right.
        """
        job = next((job for job in self.seen(context) if job.name == params.name), None)
        if job is None:
            raise MCPError(code=INVALID_PARAMS, message="Unknown prompt")
        given = params.arguments or {}
        known = {each.name for each in job.wanted}
        wrong = sorted(given.keys() - known) or [
            each.name for each in job.wanted if each.required and not given.get(each.name)
        ]
        if wrong:
            said = "is missing" if wrong[0] in known else "is not one of this prompt's"
            name = wrong[0] if wrong[0] in known else "An argument"
            raise MCPError(code=INVALID_PARAMS, message=f"{name} {said}.")

        async def embed(uri: str) -> EmbeddedResource:
            return await self._resources.embedded(context, uri)

        return GetPromptResult(description=job.description, messages=list(await job.open(embed, given)))
