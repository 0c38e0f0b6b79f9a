"""Completion of arguments: only names of things the caller may list anyway, each found through the guard."""

from collections.abc import Callable
from typing import Final

from mcp_types import CompleteRequestParams, CompleteResult, Completion, PromptReference

from policies.errors import TillhandError
from server.mcp.calls import Calls, Context
from server.mcp.prompts import Prompts
from server.mcp.resources import Resources
from server.mcp.views import QUERY_COMPLETES
from tools.read.approval import Approval, Approvals
from tools.read.names import SHOWN, Names

_NOTHING: Final = Completion(values=[], total=0, has_more=False)
_OF_APPROVAL: Final[dict[str, Callable[[Approval], str]]] = {
    "approval": lambda each: each.approval_id,
    "action": lambda each: each.action_id,
}


class Completions:
    """Completes what somebody begins to type into a prompt or an address."""

    def __init__(self, calls: Calls, resources: Resources, prompts: Prompts) -> None:
        self._calls = calls
        self._resources = resources
        self._prompts = prompts

    async def complete(self, context: Context, params: CompleteRequestParams) -> CompleteResult:
        """The names that begin like this; none for arguments nobody lists, and for what this caller may not see."""
        kind = self._kind(context, params)
        typed = params.argument.value
        before, comma, typed = typed.rpartition(",") if params.argument.name == "skus" else ("", "", typed)
        try:
            found = await self._names(context, kind, typed.strip())
        except TillhandError:
            found = _NOTHING
        values = [f"{before}{comma}{name}" for name in found.values]
        return CompleteResult(completion=Completion(values=values, total=found.total, has_more=found.has_more))

    def _kind(self, context: Context, params: CompleteRequestParams) -> str:
        name = params.argument.name
        if isinstance(params.ref, PromptReference):
            jobs = [job for job in self._prompts.seen(context) if job.name == params.ref.name]
            return next((each.completes for job in jobs for each in job.wanted if each.name == name), "")
        for view in self._resources.seen(context):
            if params.ref.uri in {view.template, view.address}:
                return view.completes if name == view.argument else QUERY_COMPLETES.get(name, "")
        return ""

    async def _names(self, context: Context, kind: str, typed: str) -> Completion:
        visible = {tool.name for tool in self._calls.visible(context)}
        if kind in {"sku", "location"} and "complete_name" in visible:
            answer = await self._calls.invoke(context, "complete_name", {"kind": kind, "typed": typed})
            assert isinstance(answer, Names)  # noqa: S101  # what this tool answers
            return Completion(values=list(answer.names), has_more=answer.truncated)
        if kind in _OF_APPROVAL and "list_approvals" in visible:
            answer = await self._calls.invoke(context, "list_approvals", {"limit": 50})
            assert isinstance(answer, Approvals)  # noqa: S101
            names = [_OF_APPROVAL[kind](each) for each in answer.approvals]
            fitting = [name for name in names if name.startswith(typed)][:SHOWN]
            return Completion(values=fitting, has_more=answer.truncated)
        return _NOTHING
